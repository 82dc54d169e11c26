//! Trials: the configurations of a sweep, without their seeds. The build script uses this file too, since a trial's
//! architecture must be compiled before it can be tried.

use std::collections::{HashMap, HashSet};

use rand::Rng;
use sha2::{Digest, Sha256};

use crate::config::names::CASE;
use crate::config::sweep::{Parameter, Range, Scale, Setting, Strategy};
use crate::config::{Error, Experiment, Loaded};
use crate::random::Stream;

/// How often a trial that is there already is drawn anew before the space is searched for what is left.
const ATTEMPTS: u64 = 100;

/// The largest space that is searched for what is left.
const LARGEST_SEARCHED: usize = 1 << 20;

/// One configuration.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Where it lies in the space, a number per parameter: of a range the number itself, of a list the index; NaN where
    /// the file's own value is none of them.
    pub coordinates: Vec<f64>,
    /// The swept keys and their values as text, in the order of the file.
    pub settings: Vec<(String, String)>,
    /// The configuration, with the experiment's own seed.
    pub experiment: Experiment,
}

/// A different one for every configuration.
type Fingerprint = [u8; 32];

fn fingerprint(experiment: &Experiment) -> Fingerprint {
    Sha256::digest(experiment.canonical().as_bytes()).into()
}

/// Every combination of a grid, the first parameter outermost.
///
/// # Errors
///
/// A combination that contradicts itself, and two that are the same run.
pub fn grid(loaded: &Loaded) -> Result<Vec<Trial>, Box<Error>> {
    let space = Space::new(loaded);
    let count: usize = space.parameters.iter().map(|parameter| parameter.settings.len()).product();
    let mut trials: Vec<Trial> = Vec::with_capacity(count);
    let mut known = HashMap::with_capacity(count);
    for index in 0..count {
        let trial = space.trial(space.combination(index))?;
        if let Some(first) = known.insert(fingerprint(&trial.experiment), index) {
            let (one, other) =
                (space.settings(&space.combination(first)), space.settings(&space.combination(index)));
            let one: Vec<&Setting> = one.iter().collect();
            return Err(loaded.same_run(&one, &other.iter().collect::<Vec<_>>()));
        }
        trials.push(trial);
    }
    Ok(trials)
}

/// The file's own configuration and then others drawn at random, all different: as many as the file asks for, or fewer
/// where there are no more. The first of many are those of few.
///
/// # Errors
///
/// A combination that contradicts itself.
pub fn random(loaded: &Loaded) -> Result<Vec<Trial>, Box<Error>> {
    let count = loaded.sweep.as_ref().map_or(0, |sweep| sweep.trials);
    let mut drawn = Drawn::new(Space::new(loaded));
    while drawn.trials.len() < count {
        let number = drawn.trials.len();
        let mut wrong = None;
        let found = drawn.next(|space, attempt| space.draw(number, attempt), &mut wrong);
        match (found, wrong) {
            (_, Some(error)) => return Err(error),
            (false, None) => break,
            (true, None) => {}
        }
    }
    Ok(drawn.trials)
}

/// Experiments that have between them every architecture which the runs of the sweep can have, or `most` of them.
pub fn architectures(loaded: &Loaded, most: usize) -> Vec<Experiment> {
    let Some(sweep) = &loaded.sweep else {
        return Vec::new();
    };
    let shapes = |parameter: &&Parameter| {
        parameter.key == CASE
            || ["architecture.", "dataset."].iter().any(|section| parameter.key.starts_with(section))
    };
    let parameters: Vec<&Parameter> = sweep.parameters.iter().filter(shapes).collect();
    if parameters.is_empty() {
        return Vec::new();
    }
    if matches!(sweep.strategy, Strategy::Random | Strategy::Halving) {
        let trials = random(loaded).unwrap_or_default();
        return trials.into_iter().take(most).map(|trial| trial.experiment).collect();
    }
    let space = Space { loaded, parameters };
    let count = space.size().map_or(0, |size| size.min(most));
    let combinations = (0..count).map(|index| space.combination(index));
    combinations.filter_map(|coordinates| Some(space.trial(coordinates).ok()?.experiment)).collect()
}

/// What trials are chosen from.
#[derive(Clone, Debug)]
pub struct Space<'a> {
    loaded: &'a Loaded,
    parameters: Vec<&'a Parameter>,
}

impl<'a> Space<'a> {
    /// The space of the file's swept keys.
    pub fn new(loaded: &'a Loaded) -> Self {
        Self { loaded, parameters: loaded.sweep.iter().flat_map(|sweep| &sweep.parameters).collect() }
    }

    /// The swept keys.
    pub fn parameters(&self) -> &[&'a Parameter] {
        &self.parameters
    }

    /// How many configurations there are; `None` where a range has fractions or the number is huge.
    pub fn size(&self) -> Option<usize> {
        self.parameters.iter().try_fold(1_usize, |size, parameter| size.checked_mul(parameter.size()?))
    }

    /// Configuration `index` of a finite space, the first parameter outermost.
    pub fn combination(&self, mut index: usize) -> Vec<f64> {
        let mut coordinates = Vec::with_capacity(self.parameters.len());
        for parameter in self.parameters.iter().rev() {
            let count = parameter.size().unwrap_or(1);
            coordinates.push(parameter.range.map_or(0.0, |range| range.low) + (index % count) as f64);
            index /= count;
        }
        coordinates.reverse();
        coordinates
    }

    /// A configuration drawn for trial `number`; another one for every `attempt`. Each key has a random stream of its
    /// own, so that a key which is swept too does not change the other keys' values.
    pub fn draw(&self, number: usize, attempt: u64) -> Vec<f64> {
        let draw = |parameter: &&Parameter| {
            let name = format!("sweep.trial.{number}.{}", parameter.key);
            let uniform: f64 = Stream::new(self.seed(), &name).at(attempt).r#gen();
            match parameter.range {
                Some(range) => number_at(range, uniform),
                None => (uniform * parameter.settings.len() as f64).floor(),
            }
        };
        self.parameters.iter().map(draw).collect()
    }

    /// The experiment's own seed, which feeds the draws.
    pub fn seed(&self) -> u64 {
        self.loaded.experiment.seed
    }

    fn settings(&self, coordinates: &[f64]) -> Vec<Setting> {
        let setting = |(parameter, coordinate): (&&Parameter, &f64)| match parameter.range {
            Some(_) => parameter.number(*coordinate),
            None => parameter.settings[(*coordinate as usize).min(parameter.settings.len() - 1)].clone(),
        };
        self.parameters.iter().zip(coordinates).map(setting).collect()
    }

    /// The trial at a place of the space.
    ///
    /// # Errors
    ///
    /// What is wrong with the combination.
    pub fn trial(&self, coordinates: Vec<f64>) -> Result<Trial, Box<Error>> {
        let settings = self.settings(&coordinates);
        let experiment = self.loaded.with(&settings.iter().collect::<Vec<_>>())?;
        let settings =
            settings.iter().map(|setting| (setting.key().to_owned(), setting.to_string())).collect();
        Ok(Trial { coordinates, settings, experiment })
    }

    /// The file's own configuration.
    pub fn own(&self) -> Trial {
        let own = |parameter: &&Parameter| self.loaded.own(&parameter.key);
        let settings: Vec<(String, String)> = self
            .parameters
            .iter()
            .map(|parameter| (parameter.key.clone(), own(parameter).unwrap_or_else(|| "default".to_owned())))
            .collect();
        let coordinates =
            self.parameters.iter().zip(&settings).map(|(parameter, (_, text))| self.place(parameter, text));
        Trial { coordinates: coordinates.collect(), settings, experiment: self.loaded.experiment.clone() }
    }

    /// Where the file's own value lies among those of a parameter; NaN where it is none of them.
    fn place(&self, parameter: &Parameter, own: &str) -> f64 {
        if let Some(range) = parameter.range {
            let number = own.parse::<f64>().ok().filter(|own| (range.low..=range.high).contains(own));
            return number.unwrap_or(f64::NAN);
        }
        let is_own = |setting: &Setting| {
            setting.to_string() == own
                || self.loaded.with(&[setting]).is_ok_and(|changed| changed == self.loaded.experiment)
        };
        parameter.settings.iter().position(is_own).map_or(f64::NAN, |index| index as f64)
    }
}

/// The number that lies at `uniform`, within [0, 1), of a range.
fn number_at(range: Range, uniform: f64) -> f64 {
    let Range { scale, low, high } = range;
    match scale {
        Scale::Uniform => readable(range, low * (1.0 - uniform) + high * uniform),
        Scale::LogUniform => readable(range, (low.ln() * (1.0 - uniform) + high.ln() * uniform).exp()),
        Scale::Integer => (low + (uniform * (high - low + 1.0)).floor()).min(high),
    }
}

/// A number rounded to four significant digits, so that names stay readable, but not out of its range.
pub fn readable(range: Range, number: f64) -> f64 {
    let rounded = format!("{number:.3e}").parse().unwrap_or(number);
    f64::clamp(rounded, range.low, range.high)
}

/// Trials that are all different, the file's own first.
#[derive(Debug)]
pub struct Drawn<'a> {
    space: Space<'a>,
    /// What has been drawn.
    pub trials: Vec<Trial>,
    places: HashSet<Vec<u64>>,
    known: HashSet<Fingerprint>,
}

impl<'a> Drawn<'a> {
    /// The file's own configuration alone.
    pub fn new(space: Space<'a>) -> Self {
        let trials = Vec::new();
        let mut drawn = Self { space, trials, places: HashSet::new(), known: HashSet::new() };
        drawn.push(drawn.space.own());
        drawn
    }

    /// Adds a trial that is known to be new.
    pub fn push(&mut self, trial: Trial) {
        self.places.insert(bits(&trial.coordinates));
        self.known.insert(fingerprint(&trial.experiment));
        self.trials.push(trial);
    }

    /// Adds a trial that is not there yet: what `draw` gives for the first attempt that does, else the first one that is
    /// left in a finite space; `false` where nothing is left. A combination that contradicts itself is passed over, and
    /// noted in `wrong`.
    pub fn next(
        &mut self,
        mut draw: impl FnMut(&Space<'a>, u64) -> Vec<f64>,
        wrong: &mut Option<Box<Error>>,
    ) -> bool {
        for attempt in 0..ATTEMPTS {
            let coordinates = draw(&self.space, attempt);
            if self.add(coordinates, wrong) {
                return true;
            }
        }
        let Some(size) = self.space.size().filter(|size| *size <= LARGEST_SEARCHED) else {
            return false;
        };
        let name = format!("sweep.trial.{}", self.trials.len());
        let start = (Stream::new(self.space.seed(), &name).key(0) % size as u64) as usize;
        (0..size).any(|offset| self.add(self.space.combination((start + offset) % size), wrong))
    }

    fn add(&mut self, coordinates: Vec<f64>, wrong: &mut Option<Box<Error>>) -> bool {
        if !self.places.insert(bits(&coordinates)) {
            return false;
        }
        match self.space.trial(coordinates) {
            Ok(trial) if self.known.contains(&fingerprint(&trial.experiment)) => false,
            Ok(trial) => {
                self.push(trial);
                true
            }
            Err(error) => {
                wrong.get_or_insert(error);
                false
            }
        }
    }
}

fn bits(coordinates: &[f64]) -> Vec<u64> {
    coordinates.iter().map(|coordinate| coordinate.to_bits()).collect()
}
