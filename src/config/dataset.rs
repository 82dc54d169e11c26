//! `[dataset]`: which examples are learned from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Bounds, Finding, Findings, Mark};
use super::key::path;
use super::words;

mod files;

/// Examples that are drawn where nothing else is said.
const USUAL_COUNT: i64 = 20_000;

/// A data set and how much of it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Which data set, with the parameters that it takes.
    pub source: Source,
    /// Only the first so many training examples, 1 to 1,000,000,000; `None` for all of them.
    pub limit: Option<usize>,
    /// How the pixels are scaled; `None` for points in the plane, which are used as they are.
    pub range: Option<Range>,
}

/// The data sets.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// 28×28 grey clothes, 60,000 for training (Xiao et al. 2017).
    FashionMnist,
    /// 28×28 grey digits, 60,000 for training (LeCun et al. 1998).
    Mnist,
    /// 32×32 colour photographs in ten classes, 50,000 for training (Krizhevsky 2009).
    Cifar10,
    /// 28×28 grey garments, drawn by the program.
    Silhouettes {
        /// Training images, 1 to 1,000,000; default 20,000.
        count: usize,
    },
    /// 2×2 grey faces, drawn by the program (Serrano's smallest GAN).
    SlantedFaces {
        /// Training images, 1 to 1,000,000; default 1000.
        count: usize,
    },
    /// Points around equally spaced centres on a circle.
    GaussianRing {
        /// Centres, 1 to 1000; default 8.
        modes: usize,
        /// Radius of the circle, greater than 0 and at most 1000; default 2.
        radius: f64,
        /// Standard deviation around a centre, greater than 0 and at most 100; default 0.02.
        std: f64,
        /// Training points, 1 to 1,000,000; default 20,000.
        count: usize,
    },
    /// Points around the centres of a square grid.
    GaussianGrid {
        /// Centres, a square number from 1 to 10,000; default 25.
        modes: usize,
        /// Distance between neighbouring centres, greater than 0 and at most 1000; default 2.
        spacing: f64,
        /// Standard deviation around a centre, greater than 0 and at most 100; default 0.05.
        std: f64,
        /// Training points, 1 to 1,000,000; default 20,000.
        count: usize,
    },
    /// Images in IDX files, plain or gzip. Paths are relative to the working directory.
    Idx {
        /// Training images.
        images: String,
        /// Their labels.
        labels: Option<String>,
        /// Test images.
        test_images: Option<String>,
        /// The test images' labels.
        test_labels: Option<String>,
        /// (H, W, C): height and width 1 to 1024, channels 1 to 16.
        shape: (usize, usize, usize),
    },
    /// PNG and JPEG files, labelled by the sub-folders that they lie in.
    ImageFolder {
        /// The folder, relative to the working directory.
        path: String,
        /// (H, W, C): what every image is brought to; height and width 1 to 1024, channels 1 or 3, default 3.
        shape: (usize, usize, usize),
    },
}

/// What is known of a data set's labels before they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// There are none.
    Missing,
    /// Numbers below this.
    Classes(usize),
    /// Numbers below 256, in a file.
    InFile,
}

/// What the pixel values 0 to 255 become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Range {
    /// (x − 127.5) / 127.5, in [-1, 1].
    Symmetric,
    /// x / 255, in [0, 1].
    Unit,
}

impl Dataset {
    /// Those that a name tells enough of to know their images.
    pub const NAMED: [&str; 4] = ["fashion-mnist", "mnist", "cifar-10", "silhouettes"];

    /// One of [`Dataset::NAMED`], whole and with its defaults.
    pub fn named(name: &str) -> Option<Self> {
        let source = match name {
            "fashion-mnist" => Source::FashionMnist,
            "mnist" => Source::Mnist,
            "cifar-10" => Source::Cifar10,
            "silhouettes" => Source::Silhouettes { count: USUAL_COUNT as usize },
            _ => return None,
        };
        Some(Self { source, limit: None, range: Some(Range::Unit) })
    }

    /// The word in the file.
    pub fn name(&self) -> &'static str {
        self.source.word().as_str()
    }

    /// The shape (H, W, C) of one example; points are (1, 1, 2).
    pub fn shape(&self) -> (usize, usize, usize) {
        match self.source {
            Source::FashionMnist | Source::Mnist | Source::Silhouettes { .. } => (28, 28, 1),
            Source::SlantedFaces { .. } => (2, 2, 1),
            Source::GaussianRing { .. } | Source::GaussianGrid { .. } => (1, 1, 2),
            Source::Cifar10 => (32, 32, 3),
            Source::Idx { shape, .. } | Source::ImageFolder { shape, .. } => shape,
        }
    }

    /// What is known of the examples' labels before they are read.
    pub fn labels(&self) -> Labels {
        match &self.source {
            Source::FashionMnist | Source::Mnist | Source::Cifar10 | Source::Silhouettes { .. } => {
                Labels::Classes(10)
            }
            Source::GaussianRing { modes, .. } | Source::GaussianGrid { modes, .. } => {
                Labels::Classes(*modes)
            }
            Source::SlantedFaces { .. } | Source::Idx { labels: None, .. } => Labels::Missing,
            Source::Idx { labels: Some(_), .. } | Source::ImageFolder { .. } => Labels::InFile,
        }
    }

    /// Whether the examples are points in the plane rather than images.
    pub fn is_points(&self) -> bool {
        matches!(self.source, Source::GaussianRing { .. } | Source::GaussianGrid { .. })
    }

    /// How many classes its labels tell apart, where that is known before the data is read; `None` also without labels.
    pub fn classes(&self) -> Option<usize> {
        match self.labels() {
            Labels::Classes(classes) => Some(classes),
            Labels::Missing | Labels::InFile => None,
        }
    }

    /// The number of training examples after `limit`, where it is known before the data is read.
    pub fn training_examples(&self) -> Option<usize> {
        match (self.source.examples(), self.limit) {
            (Some(all), Some(limit)) => Some(all.min(limit)),
            (all, limit) => all.or(limit),
        }
    }

    /// The examples in half a sentence: "slanted-faces are 2×2".
    pub(super) fn describe(&self) -> String {
        let (height, width, channels) = self.shape();
        let name = self.name();
        match channels {
            _ if self.is_points() => format!("{name} gives points in the plane"),
            1 => format!("{name} {} {height}×{width}", if name.ends_with('s') { "are" } else { "is" }),
            _ => format!("{name} is {height}×{width} with {channels} channels"),
        }
    }
}

impl Source {
    fn word(&self) -> Word {
        match self {
            Self::FashionMnist => Word::FashionMnist,
            Self::Mnist => Word::Mnist,
            Self::Silhouettes { .. } => Word::Silhouettes,
            Self::SlantedFaces { .. } => Word::SlantedFaces,
            Self::GaussianRing { .. } => Word::GaussianRing,
            Self::GaussianGrid { .. } => Word::GaussianGrid,
            Self::Cifar10 => Word::Cifar10,
            Self::Idx { .. } => Word::Idx,
            Self::ImageFolder { .. } => Word::ImageFolder,
        }
    }

    fn examples(&self) -> Option<usize> {
        match *self {
            Self::FashionMnist | Self::Mnist => Some(60_000),
            Self::Cifar10 => Some(50_000),
            Self::Silhouettes { count }
            | Self::SlantedFaces { count }
            | Self::GaussianRing { count, .. }
            | Self::GaussianGrid { count, .. } => Some(count),
            Self::Idx { .. } | Self::ImageFolder { .. } => None,
        }
    }
}

/// The words of `dataset.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Word {
    /// 28×28 grey clothes, 60,000 for training (Xiao et al. 2017).
    FashionMnist,
    /// 28×28 grey digits, 60,000 for training (LeCun et al. 1998).
    Mnist,
    /// 32×32 colour photographs in ten classes, 50,000 for training (Krizhevsky 2009).
    #[serde(rename = "cifar-10")]
    Cifar10,
    /// 28×28 grey garments, drawn by the program.
    Silhouettes,
    /// 2×2 grey faces, drawn by the program (Serrano's smallest GAN).
    SlantedFaces,
    /// Points around equally spaced centres on a circle.
    GaussianRing,
    /// Points around the centres of a square grid.
    GaussianGrid,
    /// Images in IDX files, plain or gzip.
    Idx,
    /// PNG and JPEG files in a folder, labelled by its sub-folders.
    ImageFolder,
}

impl Word {
    fn as_str(self) -> &'static str {
        match self {
            Self::FashionMnist => "fashion-mnist",
            Self::Mnist => "mnist",
            Self::Cifar10 => "cifar-10",
            Self::Silhouettes => "silhouettes",
            Self::SlantedFaces => "slanted-faces",
            Self::GaussianRing => "gaussian-ring",
            Self::GaussianGrid => "gaussian-grid",
            Self::Idx => "idx",
            Self::ImageFolder => "image-folder",
        }
    }
}

/// The keys that not every data set has, and those that have them.
pub(super) const OWNERS: &[(&str, &[&str])] = &[
    ("range", &["fashion-mnist", "mnist", "cifar-10", "silhouettes", "slanted-faces", "idx", "image-folder"]),
    ("count", &["silhouettes", "slanted-faces", "gaussian-ring", "gaussian-grid"]),
    ("modes", &["gaussian-ring", "gaussian-grid"]),
    ("radius", &["gaussian-ring"]),
    ("std", &["gaussian-ring", "gaussian-grid"]),
    ("spacing", &["gaussian-grid"]),
    ("images", &["idx"]),
    ("labels", &["idx"]),
    ("test_images", &["idx"]),
    ("test_labels", &["idx"]),
    ("shape", &["idx"]),
    ("path", &["image-folder"]),
    ("size", &["image-folder"]),
    ("channels", &["image-folder"]),
];

/// Which examples are learned from.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// Which data set.
    name: Word,
    /// Only the first so many training examples; all of them where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    limit: Option<i64>,
    /// What the pixel values 0 to 255 become; default symmetric, for slanted-faces always unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    /// Training examples to draw; default 20,000, for slanted-faces 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    count: Option<i64>,
    /// Centres: for the ring at most 1000, default 8; for the grid a square number, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    modes: Option<i64>,
    /// Radius of the circle; default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1000))]
    radius: Option<f64>,
    /// Standard deviation around a centre; default 0.02 for the ring, 0.05 for the grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    std: Option<f64>,
    /// Distance between neighbouring centres; default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1000))]
    spacing: Option<f64>,
    /// The file of the training images; relative to the working directory, as all four.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1))]
    images: Option<String>,
    /// The file of their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1))]
    labels: Option<String>,
    /// The file of the test images.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1))]
    test_images: Option<String>,
    /// The file of the test images' labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1))]
    test_labels: Option<String>,
    /// [height, width] or [height, width, channels] of an image: 1 to 1024 pixels, 1 to 16 channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 3), extend("items" = [pixels(), pixels(), channels()]))]
    shape: Option<Vec<i64>>,
    /// The folder of the images; relative to the working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1))]
    path: Option<String>,
    /// [height, width] in pixels that every image is brought to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("items" = [pixels(), pixels()]))]
    size: Option<[i64; 2]>,
    /// 1 for grey images or 3 for colour; default 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3))]
    channels: Option<i64>,
}

/// The schema of a height or width.
fn pixels() -> serde_json::Value {
    serde_json::json!({ "type": "integer", "minimum": 1, "maximum": 1024 })
}

/// The schema of a number of channels.
fn channels() -> serde_json::Value {
    serde_json::json!({ "type": "integer", "minimum": 1, "maximum": 16 })
}

impl Section {
    /// The checked data set; what is wrong goes to `findings`.
    pub(super) fn resolve(self, findings: &mut Findings) -> Dataset {
        let word = self.name.as_str();
        self.check_owners(findings);
        let range = self.resolve_range(findings);
        let limit =
            self.limit.map(|limit| findings.count("dataset.limit", limit, 1..=1_000_000_000, "examples"));
        let source = self.resolve_source(findings);
        if let (Some(limit), Some(all)) = (limit, source.examples())
            && limit > all
        {
            let message = format!("`dataset.limit` is {limit}, but {word} has only {all} training examples");
            findings
                .add(Finding::new(path("dataset.limit"), Mark::Value, message).label("more than there are"));
        }
        Dataset { source, limit, range }
    }

    fn check_owners(&self, findings: &mut Findings) {
        let given = [
            ("range", self.range.is_some()),
            ("count", self.count.is_some()),
            ("modes", self.modes.is_some()),
            ("radius", self.radius.is_some()),
            ("std", self.std.is_some()),
            ("spacing", self.spacing.is_some()),
            ("images", self.images.is_some()),
            ("labels", self.labels.is_some()),
            ("test_images", self.test_images.is_some()),
            ("test_labels", self.test_labels.is_some()),
            ("shape", self.shape.is_some()),
            ("path", self.path.is_some()),
            ("size", self.size.is_some()),
            ("channels", self.channels.is_some()),
        ];
        let word = self.name.as_str();
        for (key, _) in given.into_iter().filter(|(_, given)| *given) {
            let owners =
                OWNERS.iter().find(|(owned, _)| *owned == key).map_or(&[][..], |(_, owners)| *owners);
            if !owners.contains(&word) {
                let key = format!("dataset.{key}");
                findings.does_not_belong(&key, &words::list(owners), "dataset.name", word);
            }
        }
    }

    fn resolve_range(&self, findings: &mut Findings) -> Option<Range> {
        match self.name {
            Word::GaussianRing | Word::GaussianGrid => None,
            Word::SlantedFaces => {
                if self.range == Some(Range::Symmetric) {
                    let message = "`dataset.range` is `symmetric`, but slanted-faces are always in [0, 1]";
                    let finding =
                        Finding::new(path("dataset.range"), Mark::Value, message).label("must be \"unit\"");
                    findings.add(finding.help("remove it, or write range = \"unit\""));
                }
                Some(Range::Unit)
            }
            _ => Some(self.range.unwrap_or(Range::Symmetric)),
        }
    }

    fn resolve_source(self, findings: &mut Findings) -> Source {
        let examples = |default: i64, findings: &mut Findings| {
            findings.count("dataset.count", self.count.unwrap_or(default), 1..=1_000_000, "training examples")
        };
        let deviation = |default: f64, findings: &mut Findings| {
            findings.number("dataset.std", self.std.unwrap_or(default), Bounds::Above(0.0, 100.0))
        };
        match self.name {
            Word::FashionMnist => Source::FashionMnist,
            Word::Mnist => Source::Mnist,
            Word::Cifar10 => Source::Cifar10,
            Word::Silhouettes => Source::Silhouettes { count: examples(USUAL_COUNT, findings) },
            Word::SlantedFaces => Source::SlantedFaces { count: examples(1000, findings) },
            Word::GaussianRing => Source::GaussianRing {
                modes: findings.count("dataset.modes", self.modes.unwrap_or(8), 1..=1000, "modes"),
                radius: findings.number(
                    "dataset.radius",
                    self.radius.unwrap_or(2.0),
                    Bounds::Above(0.0, 1000.0),
                ),
                std: deviation(0.02, findings),
                count: examples(USUAL_COUNT, findings),
            },
            Word::GaussianGrid => {
                let modes = findings.count("dataset.modes", self.modes.unwrap_or(25), 1..=10_000, "modes");
                if modes.isqrt().pow(2) != modes {
                    let message =
                        format!("`dataset.modes` is {modes}, but a square grid needs a square number");
                    let near = (modes as f64).sqrt().round() as usize;
                    let finding = Finding::new(path("dataset.modes"), Mark::Value, message)
                        .label("not a square number");
                    findings.add(finding.help(format!("the nearest is {} = {near}×{near}", near * near)));
                }
                Source::GaussianGrid {
                    modes,
                    spacing: findings.number(
                        "dataset.spacing",
                        self.spacing.unwrap_or(2.0),
                        Bounds::Above(0.0, 1000.0),
                    ),
                    std: deviation(0.05, findings),
                    count: examples(USUAL_COUNT, findings),
                }
            }
            Word::Idx => self.resolve_idx(findings),
            Word::ImageFolder => self.resolve_image_folder(findings),
        }
    }
}

impl From<&Dataset> for Section {
    fn from(dataset: &Dataset) -> Self {
        let whole = |count: usize| Some(i64::try_from(count).unwrap_or(i64::MAX));
        let mut section = Self {
            name: dataset.source.word(),
            limit: dataset.limit.and_then(whole),
            range: dataset.range,
            count: None,
            modes: None,
            radius: None,
            std: None,
            spacing: None,
            images: None,
            labels: None,
            test_images: None,
            test_labels: None,
            shape: None,
            path: None,
            size: None,
            channels: None,
        };
        match dataset.source.clone() {
            Source::FashionMnist | Source::Mnist | Source::Cifar10 => {}
            Source::Silhouettes { count } | Source::SlantedFaces { count } => section.count = whole(count),
            Source::GaussianRing { modes, radius, std, count } => {
                (section.modes, section.count) = (whole(modes), whole(count));
                (section.radius, section.std) = (Some(radius), Some(std));
            }
            Source::GaussianGrid { modes, spacing, std, count } => {
                (section.modes, section.count) = (whole(modes), whole(count));
                (section.spacing, section.std) = (Some(spacing), Some(std));
            }
            Source::Idx { images, labels, test_images, test_labels, shape } => {
                section.images = Some(images);
                (section.labels, section.test_images, section.test_labels) =
                    (labels, test_images, test_labels);
                let (height, width, channels) = shape;
                section.shape = [height, width, channels].into_iter().map(whole).collect();
            }
            Source::ImageFolder { path, shape } => {
                let (height, width, channels) = shape;
                section.path = Some(path);
                section.size = Some([height as i64, width as i64]);
                section.channels = whole(channels);
            }
        }
        section
    }
}
