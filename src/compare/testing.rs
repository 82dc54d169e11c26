//! Run folders made by hand: the files of a run as the program writes them, with numbers that the tests choose.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::record::provenance::Provenance;
use crate::record::run_file::{self, DatasetRecord, RunFile, State};

/// What a run's folder is made from.
#[derive(Clone)]
pub(super) struct Example {
    pub(super) file: RunFile,
    /// Which of its sweep's cases it is.
    pub(super) case: Option<&'static str>,
    pub(super) loss: &'static str,
    pub(super) regularizer: &'static str,
    pub(super) learning_rate: f64,
    /// `metrics.csv`.
    pub(super) metrics: String,
    /// `evaluation.csv`, if there is one.
    pub(super) evaluation: Option<String>,
}

/// Rows of `metrics.csv` with these losses of the generator, one an epoch; the discriminator's are twice as large.
pub(super) fn metrics(g_losses: &[f64]) -> String {
    let mut text = String::from(
        "epoch,step,d_loss,g_loss,d_real,d_fake,d_gradient_norm,g_gradient_norm,images_per_second,seconds\n",
    );
    for (index, g_loss) in g_losses.iter().enumerate() {
        let (epoch, step) = (index + 1, 312 * (index + 1));
        let d_loss = 2.0 * g_loss;
        writeln!(text, "{epoch},{step},{d_loss},{g_loss},0.546,0.482,3.2425,1.9119,569.16,35.083").unwrap();
    }
    text
}

pub(super) fn example(seed: u64, loss: &'static str, learning_rate: f64, g_losses: &[f64]) -> Example {
    let file = RunFile {
        state: State::Complete,
        error: None,
        reason: None,
        experiment: "ring".to_owned(),
        run: format!("loss={loss},lr={learning_rate},seed{seed}"),
        seed,
        configuration_hash: "0".repeat(64),
        started: "2026-03-01T12:00:00Z".parse().unwrap(),
        ended: Some("2026-03-01T13:00:00Z".parse().unwrap()),
        seconds_training: 3600.0,
        resumed: 0,
        epochs_done: g_losses.len() as u64,
        steps_done: 312 * g_losses.len() as u64,
        dataset: DatasetRecord { name: "silhouettes".to_owned(), sha256: "0".repeat(64) },
        provenance: Provenance {
            program_version: "0.1.0".to_owned(),
            git_commit: Some("7f3307473a9218a829d5f8ea6a56f029164327aa".to_owned()),
            git_dirty: Some(false),
            rustc: "rustc 1.95.0".to_owned(),
            cpu: "a CPU".to_owned(),
            gpu: None,
            threads: 2,
            os: "linux".to_owned(),
        },
    };
    Example {
        file,
        case: None,
        loss,
        regularizer: "\"none\"",
        learning_rate,
        metrics: metrics(g_losses),
        evaluation: None,
    }
}

impl Example {
    pub(super) fn with_state(mut self, state: State) -> Self {
        self.file.state = state;
        self
    }

    pub(super) fn with_evaluation(mut self, text: &str) -> Self {
        self.evaluation = Some(text.to_owned());
        self
    }

    fn experiment(&self) -> String {
        let Self { loss, regularizer, learning_rate, .. } = self;
        let case = self.case.map(|case| format!("case = {case:?}\n")).unwrap_or_default();
        format!(
            "name = \"{}\"\ndescription = \"\"\n{case}seed = {}\n\n[dataset]\nname = \"silhouettes\"\nrange = \"symmetric\"\n\
             count = 20000\n\n[architecture]\nfamily = \"dcgan\"\nlatent_dim = 100\nlatent = \"normal\"\nwidth = 32\n\n\
             [objective]\nloss = \"{loss}\"\nregularizer = {regularizer}\nupdate = \"simultaneous\"\n\
             discriminator_steps = 1\n\n[optimizer]\nname = \"adam\"\nlearning_rate = {learning_rate:?}\n\
             betas = [0.5, 0.999]\nepsilon = 1e-7\n\n[training]\nepochs = 10\nbatch_size = 64\ndevice = \"cpu\"\n\
             initialization = \"glorot-uniform\"\nema = {{ decay = 0.995 }}\n\n[logging]\nprogress_gif = true\n\
             montage = {{ columns = 8, every = 1, rows = 4 }}\n",
            self.file.experiment, self.file.seed
        )
    }

    /// Writes the folder `root/EXPERIMENT/RUN`. Not by way of `record`, whose files are forced to the disk one by one.
    pub(super) fn write(&self, root: &Path) -> PathBuf {
        let folder = root.join(&self.file.experiment).join(&self.file.run);
        std::fs::create_dir_all(folder.join("samples")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("experiment.toml", &self.experiment());
        write(run_file::NAME, &self.file.to_toml());
        write("metrics.csv", &self.metrics);
        if let Some(evaluation) = &self.evaluation {
            write("evaluation.csv", evaluation);
        }
        folder
    }
}
