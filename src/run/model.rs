//! A learner with its way into checkpoints and back.

use super::{Error, configuration_hash};
use crate::architecture::{Networks, Readout};
use crate::config::Experiment;
use crate::config::columns::Taken;
use crate::config::training::Device;
use crate::learner::{
    Average, Began, BeganSettings, Classifier, ClassifierSettings, Gan, Learner, Settings, Vae, VaeSettings,
    draw_latents,
};
use crate::networks::{self, Network};
use crate::nn::Compute;
use crate::objective::classification::Classification;
use crate::random::Stream;
use crate::record::{self, Checkpoint, Tensor};
use crate::training::Progress;
use dfdx::prelude::Cpu;
use std::path::Path;

/// The learner of an experiment.
pub struct Model {
    learner: Box<dyn Learner>,
    gpu: Option<String>,
    experiment: Experiment,
}

impl Model {
    /// Builds the networks, with fresh weights, on the device that the experiment names.
    ///
    /// # Errors
    /// [`Error::NotBuilt`]; [`Error::WithoutCuda`], [`Error::NoGpu`] and [`Error::NoGpuCompiler`] for the device `cuda`.
    pub fn new(experiment: &Experiment, networks: &Networks) -> Result<Self, Error> {
        let (learner, gpu): (Box<dyn Learner>, _) = match experiment.training.device {
            Device::Cpu => (learner(experiment, networks, Cpu::default())?, None),
            #[cfg(feature = "cuda")]
            Device::Cuda => {
                let (device, name) = super::cuda::open()?;
                (learner(experiment, networks, device)?, Some(name))
            }
            #[cfg(not(feature = "cuda"))]
            Device::Cuda => return Err(Error::WithoutCuda),
        };
        Ok(Self { learner, gpu, experiment: experiment.clone() })
    }

    /// The name of the GPU that it computes on, if it does.
    pub fn gpu(&self) -> Option<&str> {
        self.gpu.as_deref()
    }

    /// The learner itself.
    pub fn learner(&mut self) -> &mut dyn Learner {
        &mut *self.learner
    }

    /// `count` latent vectors of the stream called `name`.
    pub fn latents(experiment: &Experiment, seed: u64, name: &str, count: usize) -> Vec<f32> {
        let mut latents = vec![0.0; count * experiment.architecture.latent_dim];
        draw_latents(experiment.architecture.latent, &Stream::new(seed, name), 0, &mut latents);
        latents
    }

    /// Puts a checkpoint back and says where training stood; `path` is for messages.
    ///
    /// # Errors
    /// If the checkpoint does not hold just what the learner needs. The model must not be used then.
    pub fn restore(&mut self, path: &Path, mut checkpoint: Checkpoint) -> record::Result<Progress> {
        let expected: Vec<(String, Vec<usize>)> =
            self.learner.state().into_iter().map(|array| (array.name, array.shape)).collect();
        checkpoint
            .check_tensors(path, expected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())))?;
        let progress = read_progress(path, &checkpoint, &self.experiment)?;
        let mut failure = None;
        let restored = self.learner.restore(progress.step, &mut |name, shape| {
            checkpoint.take(path, name, shape).map_err(|error| {
                let reason = error.to_string();
                failure = Some(error);
                reason
            })
        });
        match (restored, failure) {
            (Err(_), Some(error)) => Err(error),
            _ => Ok(progress),
        }
    }
}

/// A learner that has not learned yet, on one kind of device.
fn learner<Dev: Compute>(
    experiment: &Experiment,
    networks: &Networks,
    device: Dev,
) -> Result<Box<dyn Learner>, Error> {
    let build = |name: &'static str, network| -> Result<Box<dyn Network<Dev>>, Error> {
        let weights = Stream::new(experiment.seed, &format!("weights.{name}"));
        networks::build(network, device.clone(), experiment.training.initialization_of(name), weights)
            .ok_or(Error::NotBuilt { name })
    };
    let average = |name, shape, of: &mut dyn Network<Dev>| -> Result<Option<Average<Dev>>, Error> {
        let Some(ema) = experiment.training.ema else { return Ok(None) };
        Ok(Some(Average::new(ema, experiment.training.batch_size, build(name, shape)?, of)))
    };
    Ok(match networks {
        Networks::Gan { generator: shape, discriminator } => {
            let mut generator = build("generator", shape)?;
            let discriminator = build("discriminator", discriminator)?;
            let average = average("generator", shape, &mut *generator)?;
            let settings = Settings::of(experiment);
            Box::new(Gan::new(settings, device.clone(), generator, discriminator, average))
        }
        Networks::Began { generator: shape, discriminator } => {
            let mut generator = build("generator", shape)?;
            let discriminator = build("discriminator", discriminator)?;
            let average = average("generator", shape, &mut *generator)?;
            let settings = BeganSettings::of(experiment);
            Box::new(Began::new(settings, device.clone(), generator, discriminator, average))
        }
        Networks::Vae { encoder: encoder_shape, decoder: decoder_shape } => {
            let (mut encoder, mut decoder) =
                (build("encoder", encoder_shape)?, build("decoder", decoder_shape)?);
            let averages = average("encoder", encoder_shape, &mut *encoder)?.zip(average(
                "decoder",
                decoder_shape,
                &mut *decoder,
            )?);
            let vae = Vae::new(VaeSettings::of(experiment), device.clone(), encoder, decoder);
            Box::new(match averages {
                Some((encoder, decoder)) => vae.averaged(encoder, decoder),
                None => vae,
            })
        }
        Networks::Classifier { classifier: shape, readout } => {
            let loss = match readout {
                Readout::Sigmoids => Classification::SquaredError,
                Readout::Logits => Classification::CrossEntropy,
            };
            let settings = ClassifierSettings::of(experiment, loss, shape.output().features());
            let mut network = build("classifier", shape)?;
            let average = average("classifier", shape, &mut *network)?;
            let classifier = Classifier::new(settings, device.clone(), network);
            Box::new(match average {
                Some(average) => classifier.averaged(average),
                None => classifier,
            })
        }
    })
}

/// A checkpoint of `learner` at `progress`. Timings are left out: two runs of one file must give the same bytes.
pub(super) fn checkpoint(
    experiment: &Experiment,
    learner: &mut dyn Learner,
    progress: &Progress,
) -> Checkpoint {
    let tensors = learner.state().into_iter();
    // f64 as bits: a resumed mean must come out to the last digit.
    let sums: Vec<String> = progress.sums.iter().map(|sum| format!("{:016x}", sum.to_bits())).collect();
    Checkpoint {
        tensors: tensors
            .map(|array| (array.name, Tensor { shape: array.shape, data: array.values }))
            .collect(),
        metadata: [
            (record::checkpoint::CONFIGURATION_HASH.to_owned(), configuration_hash(experiment)),
            ("step".to_owned(), progress.step.to_string()),
            ("steps_since_row".to_owned(), progress.steps_since_row.to_string()),
            ("sums_since_row".to_owned(), sums.join(" ")),
        ]
        .into(),
    }
}

/// How many columns are sums over steps.
fn summed(experiment: &Experiment) -> usize {
    experiment.columns().iter().filter(|column| column.taken == Taken::EachStep).count()
}

/// Where training stands before its first step.
pub(super) fn beginning(experiment: &Experiment) -> Progress {
    Progress { sums: vec![0.0; summed(experiment)], ..Progress::default() }
}

fn read_progress(path: &Path, checkpoint: &Checkpoint, experiment: &Experiment) -> record::Result<Progress> {
    let words = checkpoint.word(path, "sums_since_row")?;
    let sums: Option<Vec<f64>> =
        words.split(' ').map(|word| u64::from_str_radix(word, 16).ok().map(f64::from_bits)).collect();
    let columns = summed(experiment);
    let Some(sums) = sums.filter(|sums| sums.len() == columns) else {
        return Err(record::Error::Damaged {
            place: path.display().to_string(),
            reason: format!("`sums_since_row` in its metadata is not {columns} numbers"),
            advice: "take an older checkpoint, or train again with --again".into(),
        });
    };
    Ok(Progress {
        step: checkpoint.number(path, "step")?,
        steps_since_row: checkpoint.number(path, "steps_since_row")?,
        sums,
        ..Progress::default()
    })
}

/// The experiment's name beside the model, for messages.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model of {}", self.experiment.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{Examples, networks};

    /// A run that is told to stop before its first step saves a checkpoint, too, and goes on from it.
    #[test]
    fn a_checkpoint_from_before_the_first_step_can_be_gone_on_with() {
        for file in ["tiny.toml", "tiny_began.toml", "tiny_vae.toml", "tiny_classifier.toml"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(file);
            let experiment = Experiment::load(&path, &[], std::iter::empty()).unwrap().experiment;
            let shapes = networks(&experiment.architecture, Examples::from(&experiment.dataset)).unwrap();
            let mut model = Model::new(&experiment, &shapes).unwrap();
            let progress = beginning(&experiment);
            let bytes = checkpoint(&experiment, model.learner(), &progress).to_bytes();
            let read = Checkpoint::from_bytes(&path, &bytes).unwrap();
            assert_eq!(model.restore(&path, read).unwrap(), progress, "{file}");
        }
    }
}
