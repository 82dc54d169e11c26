use crate::compare::filter::Condition;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use std::path::PathBuf;

/// Runs GAN experiments: one TOML file in, one folder with weights, numbers and pictures out.
#[derive(Debug, Parser)]
#[command(name = "atelier", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 2 the command line, a configuration or an architecture is wrong; 3 a data set or result file is \
missing or damaged; 4 training diverged; 5 runs failed or are outstanding; 6 output could not be written; 130/143 \
interrupted, with the state saved.";

const SCHEMA: &str = "\
Editors with taplo (VS Code's \"Even Better TOML\" among them) complete and check an experiment file whose first line is

  #:schema ./schema.json

and beside which `atelier schema > schema.json` has put the schema. The line is a comment to everything else. \
experiments/ has both.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Train an experiment, or go on where it was interrupted
    Run(Run),
    /// Train every run that an experiment's sweep expands to
    Sweep(Run),
    /// Show the resolved configuration, the layers with shapes and parameter counts, and the plan
    Show(Show),
    /// Check experiment files without running them
    Check(Check),
    /// List the runs in a folder of results
    List(List),
    /// Compare runs, or all runs of sweeps: what differs, and what came of it
    Compare(Compare),
    /// Make one page about a run or a sweep: outcome, figures, samples, provenance, commands
    Report(Report),
    /// Draw new samples from a run's checkpoint, as a picture or as arrays
    Sample(Sample),
    /// Score the samples of a run, or of another program, against a data set
    Evaluate(Evaluate),
    /// Keep a trained classifier as the feature extractor that scores are computed with
    Extractor(Extractor),
    /// List, fetch or verify data sets
    Data(Data),
    /// Print the JSON Schema of experiment files, for editors
    #[command(after_help = SCHEMA)]
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// How configuration files are overridden.
#[derive(Args, Debug)]
pub(super) struct Overrides {
    /// Override one key of the experiment, such as `--set training.epochs=20`; may be given several times
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE", value_hint = ValueHint::Other)]
    pub(super) sets: Vec<String>,
}

/// Where results go and data come from.
#[derive(Args, Debug)]
pub(super) struct Places {
    /// Folder of all results
    #[arg(long, default_value = "results", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) out: PathBuf,
    /// Folder that is searched for data sets first
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) data_dir: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Run {
    /// Experiment files, or folders of runs to go on with; one after the other
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) overrides: Overrides,
    #[command(flatten)]
    pub(super) places: Places,
    /// Threads that compute [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Make another attempt at a configuration that has been run, or go on with one that was interrupted
    #[arg(long)]
    pub(super) again: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Show the newest montage in the terminal
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    pub(super) preview: bool,
    /// Print errors only
    #[arg(long, conflicts_with = "json")]
    pub(super) quiet: bool,
    /// Print events as JSON lines on standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Stop after this epoch with the state saved; the same command without it goes on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) until_epoch: Option<u64>,
    /// Stop, with the state saved, when standard input ends
    #[arg(long, hide = true)]
    pub(super) stop_with_parent: bool,
    #[command(flatten)]
    pub(super) sweep: Sweep,
}

/// How the runs of a sweep are run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sweeps")]
pub(super) struct Sweep {
    /// Where a sweep's runs are run
    #[arg(long, value_enum, default_value_t = Engine::Local)]
    pub(super) engine: Engine,
    /// Runs of a sweep at a time; they share the threads [default: 1]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Try a run that failed up to N times again, also one that failed before
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100))]
    pub(super) retry: u32,
    /// End the sweep, with every run's state saved, as soon as one run fails
    #[arg(long, conflicts_with = "keep_going")]
    pub(super) fail_fast: bool,
    /// Go on with the other runs when one fails (the default)
    #[arg(long)]
    pub(super) keep_going: bool,
}

/// What runs the runs of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// Processes on this machine
    Local,
    /// Job arrays of a Slurm cluster
    Slurm,
}

#[derive(Args, Debug)]
pub(super) struct Show {
    /// The experiment file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) overrides: Overrides,
    /// Folder of all results
    #[arg(long, default_value = "results", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) out: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct Check {
    /// Experiment files
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) overrides: Overrides,
}

/// Which runs are meant, and which values are the better ones.
#[derive(Args, Debug)]
pub(super) struct Selection {
    /// Only runs that meet this, such as `loss=hinge`, `state!=complete`, `learning_rate>=1e-4` or `frechet.best<30`; may be
    /// given several times
    ///
    /// The key is a setting (in full, or its last part where only one setting ends so), a column of metrics.csv or
    /// evaluation.csv (its last value, or its best with `.best`), or one of state, experiment, seed, run, folder, started,
    /// ended, epochs_done, steps_done, seconds_training. Signs are = != < <= > >=; quote the argument for the shell.
    #[arg(long = "where", value_name = "KEY=VALUE")]
    pub(super) conditions: Vec<Condition>,
    /// Columns whose high values are the better ones [default: precision, recall, density, coverage, accuracy and names that
    /// end so]
    #[arg(long, value_name = "COLUMN")]
    pub(super) maximize: Vec<String>,
    /// Columns whose low values are the better ones [default: all others]
    #[arg(long, value_name = "COLUMN")]
    pub(super) minimize: Vec<String>,
    /// Sort by this setting, column or fact, lowest first; `--sort -KEY` is highest first
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(super) sort: Option<String>,
    /// Sort highest first
    #[arg(long)]
    pub(super) descending: bool,
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// Folder of results
    #[arg(default_value = "results", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) folder: PathBuf,
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Write index.csv into the folder again: a row for each of its runs, with settings, results and provenance
    #[arg(long)]
    pub(super) index: bool,
    /// Print one JSON object per run
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Compare {
    /// Folders of runs, of sweeps or of results, or quoted patterns such as 'results/*/seed1-*'
    #[arg(required = true, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(super) runs: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Columns to compare; `frechet` is its last and its best value, `frechet.best` one of them; may be given several times
    /// [default: the last losses, and every column of evaluation.csv]
    #[arg(long = "metric", value_name = "COLUMN", value_delimiter = ',')]
    pub(super) metrics: Vec<String>,
    /// Count the runs that did not complete as well, with what they have reached
    #[arg(long)]
    pub(super) unfinished: bool,
    /// Write the table as CSV; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) csv: Option<PathBuf>,
    /// Write the table as Markdown; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) markdown: Option<PathBuf>,
    /// Draw the curves with a band over the seeds (PNG and SVG) and the montages side by side (PNG) into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) figures: Option<PathBuf>,
    /// Print one JSON document in place of the table
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Report {
    /// The run's or the sweep's folder
    #[arg(value_name = "RUN|SWEEP", value_hint = ValueHint::DirPath)]
    pub(super) folder: PathBuf,
    /// Where the page goes [default: report.html in the folder]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
    /// Write Markdown into this file instead, or to standard output where it is `-`; with --output, write both
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) markdown: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Sample {
    /// The run's folder
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(super) run: PathBuf,
    /// Format of the samples: a picture, or arrays for NumPy [default: as --output ends, else png]
    #[arg(long)]
    pub(super) format: Option<SampleFormat>,
    /// Samples in an npz [default: 10000]
    #[arg(long, value_name = "N", conflicts_with_all = ["rows", "columns"],
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) count: Option<u32>,
    /// Rows of a png [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) rows: Option<u16>,
    /// Columns of a png [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) columns: Option<u16>,
    /// Seed of the latent vectors
    #[arg(long, value_name = "N", default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(super) seed: u64,
    /// Checkpoint to sample from [default: the run's latest]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) checkpoint: Option<PathBuf>,
    /// Where the samples go [default: samples/seedN.png or .npz in the run's folder]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

/// What samples are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SampleFormat {
    /// A grid of images, or a scatter plot of points
    Png,
    /// The arrays `samples` (N, H, W, C), in the data's range, and `latents` (N, latent_dim), for numpy.load
    Npz,
}

#[derive(Args, Debug)]
pub(super) struct Evaluate {
    /// A run's folder; or samples of another program: a folder of PNG files, an .npy or .npz array, or an IDX file
    #[arg(value_name = "RUN|FILE", value_hint = ValueHint::AnyPath)]
    pub(super) subject: PathBuf,
    /// Checkpoint of the run: latest, best, an epoch's number, or a file
    #[arg(long, value_name = "WHICH", default_value = "latest")]
    pub(super) checkpoint: String,
    /// The data set that samples of another program are compared with: its name, or an experiment file that has one
    #[arg(long, value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub(super) dataset: Option<String>,
    /// What floating-point numbers of an array mean
    #[arg(long, value_enum)]
    pub(super) range: Option<Range>,
    /// Which array of an .npz [default: the only one, or `samples`]
    #[arg(long, value_name = "NAME")]
    pub(super) array: Option<String>,
    /// The split that samples are compared with [default: as the run's file says, else test]
    #[arg(long, value_enum)]
    pub(super) against: Option<Against>,
    /// Samples that are drawn, and the most real examples that they are compared with [default: as the run's file says, else 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(super) samples: Option<u32>,
    /// The scores, such as `frechet,kernel` [default: as the run's file says, else all]
    #[arg(long, value_name = "METRIC", value_delimiter = ',')]
    pub(super) metrics: Vec<String>,
    /// Take features from this extractor in place of the data set's own; `atelier extractor` makes one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) extractor: Option<PathBuf>,
    /// Give the Parzen-window log-likelihood of the test images besides, to compare with numbers of 2014; it says little about images
    #[arg(long)]
    pub(super) parzen: bool,
    /// Draw into this folder: real beside generated images, samples with their nearest training images, classes, precision and recall, interpolations; says
    /// also whether training images are repeated
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) figures: Option<PathBuf>,
    /// Write the scores as CSV; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) csv: Option<PathBuf>,
    /// Print one JSON document in place of the table
    #[arg(long)]
    pub(super) json: bool,
    /// Folder that is searched for data sets first
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) data_dir: Option<PathBuf>,
    /// Threads that compute [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

/// What floating-point numbers of an array mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Range {
    /// 0 is black, 1 is white
    Unit,
    /// -1 is black, 1 is white
    Symmetric,
}

/// A split of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Against {
    /// The examples that nothing is learned from
    Test,
    /// Those that are learned from
    Train,
}

#[derive(Args, Debug)]
pub(super) struct Extractor {
    /// The folder of a run that trained a classifier with architecture.variant = "extractor"
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(super) run: PathBuf,
    /// Where the extractor goes
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct Data {
    #[command(subcommand)]
    pub(super) action: DataAction,
    /// Folder that is searched for data sets first
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DataAction {
    /// List the data sets, and where each one is
    List,
    /// Download a data set into the cache
    Fetch {
        /// Which data set
        name: Published,
    },
    /// Compare files with their published hashes
    Verify {
        /// Which data set [default: every one that is here]
        name: Option<Published>,
    },
}

/// The data sets that consist of published files.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Published {
    /// 28×28 grey clothes (Xiao et al. 2017)
    FashionMnist,
    /// 28×28 grey digits (LeCun et al. 1998)
    Mnist,
    /// 32×32 colour photographs (Krizhevsky 2009)
    #[value(name = "cifar-10")]
    Cifar10,
}

impl Published {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::FashionMnist => "fashion-mnist",
            Self::Mnist => "mnist",
            Self::Cifar10 => "cifar-10",
        }
    }
}
