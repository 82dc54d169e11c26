//! The kernels against arrays that TensorFlow and Keras made, in f64: `tests/reference/` at the workspace's root
//! holds the arrays and the script that made them. Every comparison allows a relative L2 error of 1e-5; the kernels'
//! own is about 1e-6 at most.

use std::path::Path;

use atelier_kernels::batch_norm::{
    Affine, BatchStatistics, batch_norm_backward_evaluation, batch_norm_backward_training,
    batch_norm_forward_evaluation, batch_norm_forward_training, update_running_statistic,
};
use atelier_kernels::bias::{add_bias, bias_gradient};
use atelier_kernels::conv::{Conv, conv_data_gradient, conv_forward, conv_weight_gradient};
use atelier_kernels::optimizer::{Adam, RmsProp, adam, rms_prop, sgd};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

const TOLERANCE: f64 = 1e-5;

/// One safetensors file: its bytes, and the parameters that its metadata holds as JSON.
struct Reference {
    bytes: Vec<u8>,
    parameters: Value,
}

impl Reference {
    fn load(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference").join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a safetensors header");
        let metadata = header.metadata().as_ref().expect("metadata");
        let parameters = serde_json::from_str(&metadata["reference"]).expect("parameters in JSON");
        Self { bytes, parameters }
    }

    fn array(&self, name: &str) -> Vec<f32> {
        let tensors = SafeTensors::deserialize(&self.bytes).expect("a safetensors file");
        let tensor = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
        let (values, rest) = tensor.data().as_chunks::<4>();
        assert!(rest.is_empty(), "{name}");
        values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    }

    fn cases(&self) -> &[Value] {
        let cases = self.parameters["cases"].as_array().expect("a list of cases");
        assert!(!cases.is_empty());
        cases
    }
}

fn size(case: &Value, name: &str) -> usize {
    case[name].as_u64().unwrap_or_else(|| panic!("{name} of {case}")) as usize
}

fn number(case: &Value, name: &str) -> f32 {
    case[name].as_f64().unwrap_or_else(|| panic!("{name} of {case}")) as f32
}

/// ‖actual − expected‖ / ‖expected‖, in f64; NaN if anything is.
fn relative_error(actual: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let square = |value: f64| value * value;
    let difference: f64 =
        actual.iter().zip(expected).map(|(&a, &e)| square(f64::from(a) - f64::from(e))).sum();
    let norm: f64 = expected.iter().map(|&e| square(f64::from(e))).sum();
    assert!(norm > 0.0, "an array of zeros tests nothing");
    (difference / norm).sqrt()
}

#[track_caller]
fn assert_close(actual: &[f32], expected: &[f32], what: &str) {
    let error = relative_error(actual, expected);
    println!("{what}: {error:.1e}");
    assert!(error <= TOLERANCE, "{what}: relative L2 error {error:.2e}");
}

/// Gradients of parameters are added to what is there: starts from ones and takes them off again.
fn added(length: usize, kernel: impl FnOnce(&mut [f32])) -> Vec<f32> {
    let mut sum = vec![1.0; length];
    kernel(&mut sum);
    sum.iter_mut().for_each(|value| *value -= 1.0);
    sum
}

/// The convolution of a case; for a transposed convolution, the one that it transposes.
fn convolution(case: &Value, transposed: bool) -> Conv {
    let [height, width, in_channels, out_channels] = if transposed {
        ["out_height", "out_width", "out_channels", "in_channels"]
    } else {
        ["height", "width", "in_channels", "out_channels"]
    };
    Conv {
        batch: size(case, "batch"),
        height: size(case, height),
        width: size(case, width),
        in_channels: size(case, in_channels),
        out_channels: size(case, out_channels),
        kernel: size(case, "kernel"),
        stride: size(case, "stride"),
    }
}

#[test]
fn convolution_agrees_with_conv2d() {
    let reference = Reference::load("conv2d.safetensors");
    for (index, case) in reference.cases().iter().enumerate() {
        let array = |name: &str| reference.array(&format!("case{index}.{name}"));
        let [x, w, bias, dy] = ["x", "w", "bias", "dy"].map(array);
        let conv = convolution(case, false);
        assert_eq!(
            (conv.out_height(), conv.out_width()),
            (size(case, "out_height"), size(case, "out_width")),
            "{case}"
        );

        let mut y = vec![f32::NAN; dy.len()];
        conv_forward(&conv, &x, &w, &mut y);
        add_bias(&mut y, &bias);
        assert_close(&y, &array("y"), &format!("y of {case}"));

        let mut dx = vec![f32::NAN; x.len()];
        conv_data_gradient(&conv, &dy, &w, &mut dx);
        assert_close(&dx, &array("dx"), &format!("dx of {case}"));

        let dw = added(w.len(), |dw| conv_weight_gradient(&conv, &x, &dy, dw));
        assert_close(&dw, &array("dw"), &format!("dw of {case}"));

        let db = added(bias.len(), |db| bias_gradient(&dy, db));
        assert_close(&db, &array("db"), &format!("db of {case}"));
    }
}

#[test]
fn transposed_convolution_agrees_with_conv2d_transpose() {
    let reference = Reference::load("conv2d_transpose.safetensors");
    for (index, case) in reference.cases().iter().enumerate() {
        let array = |name: &str| reference.array(&format!("case{index}.{name}"));
        let [x, w, bias, dy] = ["x", "w", "bias", "dy"].map(array);
        let conv = convolution(case, true);
        assert_eq!(
            (conv.out_height(), conv.out_width()),
            (size(case, "height"), size(case, "width")),
            "{case}"
        );

        let mut y = vec![f32::NAN; dy.len()];
        conv_data_gradient(&conv, &x, &w, &mut y);
        add_bias(&mut y, &bias);
        assert_close(&y, &array("y"), &format!("y of {case}"));

        let mut dx = vec![f32::NAN; x.len()];
        conv_forward(&conv, &dy, &w, &mut dx);
        assert_close(&dx, &array("dx"), &format!("dx of {case}"));

        let dw = added(w.len(), |dw| conv_weight_gradient(&conv, &dy, &x, dw));
        assert_close(&dw, &array("dw"), &format!("dw of {case}"));

        let db = added(bias.len(), |db| bias_gradient(&dy, db));
        assert_close(&db, &array("db"), &format!("db of {case}"));
    }
}

/// The channels of one batch norm's parameters, running statistics, and what its last training pass found.
struct BatchNorm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
    running_mean: Vec<f32>,
    running_variance: Vec<f32>,
    statistics: BatchStatistics,
}

impl BatchNorm {
    fn affine(&self) -> Affine<'_> {
        Affine { gamma: &self.gamma, beta: &self.beta, slope: 1.0 }
    }

    fn train(&mut self, x: &[f32], momentum: f32, epsilon: f32) -> Vec<f32> {
        let mut y = vec![f32::NAN; x.len()];
        let mut statistics = BatchStatistics::default();
        batch_norm_forward_training(x, self.affine(), epsilon, &mut y, &mut statistics);
        update_running_statistic(&mut self.running_mean, &statistics.mean, momentum);
        update_running_statistic(&mut self.running_variance, &statistics.variance, momentum);
        self.statistics = statistics;
        y
    }

    fn evaluate(&mut self, x: &[f32], epsilon: f32) -> Vec<f32> {
        let mut y = vec![f32::NAN; x.len()];
        let mut statistics = BatchStatistics::default();
        let (mean, variance) = (&self.running_mean, &self.running_variance);
        batch_norm_forward_evaluation(x, self.affine(), mean, variance, epsilon, &mut y, &mut statistics);
        self.statistics = statistics;
        y
    }
}

#[test]
fn batch_norm_agrees_with_batch_normalization() {
    let reference = Reference::load("batch_norm.safetensors");
    let (momentum, epsilon) =
        (number(&reference.parameters, "momentum"), number(&reference.parameters, "epsilon"));
    for (index, case) in reference.cases().iter().enumerate() {
        let array = |name: &str| reference.array(&format!("case{index}.{name}"));
        let close =
            |actual: &[f32], name: &str| assert_close(actual, &array(name), &format!("{name} of {case}"));
        let [gamma, beta, running_mean, running_variance] =
            ["gamma", "beta", "running_mean", "running_variance"].map(array);
        let [x0, x1, dy] = ["x0", "x1", "dy"].map(array);
        let channels = size(case, "channels");
        let statistics = BatchStatistics::default();
        let mut layer = BatchNorm { gamma, beta, running_mean, running_variance, statistics };

        close(&layer.train(&x0, momentum, epsilon), "y0");
        close(&layer.running_mean, "running_mean0");
        close(&layer.running_variance, "running_variance0");
        let [mut dx, mut dgamma, mut dbeta] = [dy.clone(), vec![0.0; channels], vec![0.0; channels]];
        let (affine, statistics) = (layer.affine(), &layer.statistics);
        batch_norm_backward_training(&x0, &mut dx, affine, statistics, &mut dgamma, &mut dbeta);
        close(&dx, "dx");
        close(&dgamma, "dgamma");
        close(&dbeta, "dbeta");

        close(&layer.train(&x1, momentum, epsilon), "y1");
        close(&layer.running_mean, "running_mean1");
        close(&layer.running_variance, "running_variance1");

        close(&layer.evaluate(&x0, epsilon), "y_evaluation");
        let [mut dx, mut dgamma, mut dbeta] = [dy.clone(), vec![0.0; channels], vec![0.0; channels]];
        let (affine, statistics) = (layer.affine(), &layer.statistics);
        batch_norm_backward_evaluation(&x0, &mut dx, affine, statistics, &mut dgamma, &mut dbeta);
        close(&dx, "dx_evaluation");
        close(&dgamma, "dgamma_evaluation");
        close(&dbeta, "dbeta_evaluation");
    }
}

/// The steps change the weights by an eighth to a half of their size: the error of the weights shows that of the steps.
#[test]
fn optimizers_agree_with_keras() {
    let reference = Reference::load("optimizers.safetensors");
    let steps = size(&reference.parameters, "steps");
    for case in reference.cases() {
        let name = case["name"].as_str().expect("a name");
        let mut weights = reference.array(&format!("{name}.w0"));
        let [mut first, mut second] = [vec![0.0; weights.len()], vec![0.0; weights.len()]];
        let learning_rate = number(case, "learning_rate");
        for step in 1..=steps {
            let gradient = reference.array(&format!("{name}.g{step}"));
            match case["optimizer"].as_str() {
                Some("Adam") => {
                    let betas = ["beta_1", "beta_2"].map(|beta| number(case, beta));
                    let settings = Adam { learning_rate, betas, epsilon: number(case, "epsilon") };
                    adam(&settings, step as u64, &gradient, &mut weights, &mut first, &mut second);
                }
                Some("RMSprop") => {
                    let [rho, momentum, epsilon] =
                        ["rho", "momentum", "epsilon"].map(|name| number(case, name));
                    let settings = RmsProp { learning_rate, rho, momentum, epsilon };
                    rms_prop(&settings, &gradient, &mut weights, &mut first, &mut second);
                }
                Some("SGD") => {
                    sgd(learning_rate, number(case, "momentum"), &gradient, &mut weights, &mut first)
                }
                other => panic!("an unknown optimizer: {other:?}"),
            }
            assert_close(
                &weights,
                &reference.array(&format!("{name}.w{step}")),
                &format!("step {step} of {name}"),
            );
        }
    }
}
