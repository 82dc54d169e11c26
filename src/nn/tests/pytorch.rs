//! Layers against PyTorch's numbers: output, gradients, and the gradient of a penalty on the input's gradient, which PyTorch finds by
//! double backward and a tangent pass gives here. `tests/reference/make_torch_reference.py` made the arrays.

use super::*;
use safetensors::SafeTensors;
use std::rc::Rc;

struct Reference {
    arrays: SafeTensors<'static>,
    case: &'static str,
}

impl Reference {
    fn of(case: &'static str) -> Self {
        let bytes: &'static [u8] = include_bytes!("../../../tests/reference/layers.safetensors");
        Self { arrays: SafeTensors::deserialize(bytes).unwrap(), case }
    }

    fn get(&self, name: &str) -> Vec<f32> {
        let name = format!("{}.{name}", self.case);
        let tensor = self.arrays.tensor(&name).unwrap_or_else(|_| panic!("{name} is not in the reference"));
        tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }
}

fn near(what: &str, ours: &[f32], theirs: &[f32]) {
    let apart = if theirs.iter().all(|&value| value == 0.0) {
        dot(ours, ours).sqrt()
    } else {
        distance(ours, theirs)
    };
    assert!(apart < 2e-6, "{what}: {apart:e}");
}

fn check<const H: usize, const W: usize, const C: usize, L: Layer<Image<H, W, C>, Cpu>>(
    case: &'static str,
    words: Words,
) {
    const EXAMPLES: usize = 4;
    let reference = Reference::of(case);
    let list = [words];
    let mut layer: L = build::<Image<H, W, C>, L>(&list);
    let mut names = Vec::new();
    layer.visit(&mut |parameter| {
        // The layer is the first of its network: `0.weight`, `0.layers.1.weight`.
        let name = parameter.name.strip_prefix("0.").expect("a name").to_owned();
        parameter.set(&reference.get(&name));
        names.push(name);
    });
    let x: Tensor<Image<H, W, C>, f32, Cpu> =
        Cpu::default().tensor_from_vec(reference.get("x"), (EXAMPLES, Const, Const, Const));
    let pass = Pass::train(0).with_labels(&Rc::from([1, 0, 1, 2]));
    let weigh = |y: Tensor<L::Output, f32, Cpu, dfdx::tensor::OwnedTape<f32, Cpu>>| {
        let c = reference.get("c");
        let length = c.len();
        let c: Tensor<(usize,), f32, Cpu> = Cpu::default().tensor_from_vec(c, (length,));
        (y.reshape_like(&(length,)) * c).sum::<Rank0, _>()
    };
    let check_parameters = |layer: &mut L, which: &str, gradients: &Gradients<f32, Cpu>| {
        let mut names = names.iter();
        layer.visit(&mut |parameter| {
            let name = format!("{which}.{}", names.next().expect("as many as before"));
            near(&format!("{case} {name}"), &gradients.get(&parameter.value).as_vec(), &reference.get(&name));
        });
    };

    let y = layer.forward(x.leaky_trace(), &mut pass.clone());
    near(case, &y.retaped::<NoneTape>().as_vec(), &reference.get("y"));
    let gradients = weigh(y).backward();
    let at_x = gradients.get(&x);
    near(&format!("{case} input"), &at_x.as_vec(), &reference.get("gradient.x"));
    check_parameters(&mut layer, "gradient", &gradients);

    // The gradient of |g|² / 2 is that of v·g at v = g, and v·g the loss's derivative along v.
    let (y, along) = layer.tangent(x.leaky_trace(), at_x.leaky_trace(), &mut pass.with_tangent(true));
    let gradients = (weigh(along) + weigh(y) * 0.0).backward();
    check_parameters(&mut layer, "penalty", &gradients);
}

#[test]
fn maxout_agrees_with_pytorch() {
    check::<2, 1, 3, Maxout<2, 1, 3, 4, 3, 12, Cpu>>(
        "maxout",
        Words::Maxout(words::Maxout { units: 4, pieces: 3 }),
    );
}

#[test]
fn layer_norm_agrees_with_pytorch() {
    check::<3, 2, 5, LayerNorm<3, 2, 5, Cpu>>("layer_norm", Words::LayerNorm);
}

#[test]
fn a_residual_block_agrees_with_pytorch() {
    type Block = Residual<
        (
            Relu,
            (
                Conv<4, 6, 2, 4, 6, 3, 3, 1, true, Cpu>,
                (Tanh, (Conv<4, 6, 3, 4, 6, 4, 3, 1, true, Cpu>, AveragePool<4, 6, 4, 2, 3>)),
            ),
        ),
        (Conv<4, 6, 2, 4, 6, 4, 1, 1, true, Cpu>, AveragePool<4, 6, 4, 2, 3>),
    >;
    let layers = vec![
        Words::Relu,
        Words::Conv(conv(3, 3, 1)),
        Words::Tanh,
        Words::Conv(conv(4, 3, 1)),
        Words::AveragePool,
    ];
    let shortcut = vec![Words::Conv(conv(4, 1, 1)), Words::AveragePool];
    check::<4, 6, 2, Block>("residual", Words::Residual(words::Residual { layers, shortcut }));
}

#[test]
fn label_projection_agrees_with_pytorch() {
    check::<2, 1, 3, LabelProjection<2, 1, 3, 3, Cpu>>(
        "label_projection",
        Words::LabelProjection(words::LabelProjection { classes: 3 }),
    );
}
