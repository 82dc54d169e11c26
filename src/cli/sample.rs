//! `atelier sample RUN`.

use super::Exit;
use super::arguments::{Sample, SampleFormat};
use super::exit::Failure;
use super::output;
use super::run::plan_of_folder;
use crate::record::atomic;
use crate::run;

/// Draws new samples from a run's checkpoint.
pub(super) fn sample(arguments: &Sample) -> Result<Exit, Failure> {
    let format = format(arguments)?;
    // What was trained is what is sampled.
    let plan = plan_of_folder(&arguments.run)?;
    let checkpoint = arguments.checkpoint.clone().unwrap_or_else(|| plan.folder.latest());
    let seed = arguments.seed;
    let path = |ending: &str| match &arguments.output {
        Some(path) => path.clone(),
        None => plan.folder.samples().join(format!("seed{seed}.{ending}")),
    };
    let path = match format {
        SampleFormat::Png => {
            let path = path("png");
            let [rows, columns] = [arguments.rows, arguments.columns].map(|side| side.map_or(8, usize::from));
            atomic::write(&path, &run::sample_picture(&plan, &checkpoint, (rows, columns), seed)?)?;
            path
        }
        SampleFormat::Npz => {
            let path = path("npz");
            let count = arguments.count.unwrap_or(10_000) as usize;
            run::sample_arrays(&plan, &checkpoint, count, seed, &path)?;
            path
        }
    };
    output::line(path.display())?;
    Ok(Exit::Done)
}

/// The format that was asked for, by its name or by the ending of `--output`.
fn format(arguments: &Sample) -> Result<SampleFormat, Failure> {
    let wrong = |message: String| Err(Failure::new(Exit::Wrong, message));
    let ending =
        arguments.output.as_ref().map(|path| path.extension().unwrap_or_default().to_ascii_lowercase());
    let format = match (arguments.format, &arguments.output, ending) {
        (Some(format), ..) => format,
        (None, None, _) if arguments.count.is_some() => SampleFormat::Npz,
        (None, None, _) => SampleFormat::Png,
        (None, Some(_), Some(ending)) if ending == "png" => SampleFormat::Png,
        (None, Some(_), Some(ending)) if ending == "npz" => SampleFormat::Npz,
        (None, Some(path), _) => {
            let path = path.display();
            return wrong(format!(
                "{path} ends neither in .png nor in .npz: add --format png or --format npz"
            ));
        }
    };
    match format {
        SampleFormat::Png if arguments.count.is_some() => {
            wrong("--count is for npz; a png has --rows times --columns samples".into())
        }
        SampleFormat::Npz if arguments.rows.or(arguments.columns).is_some() => {
            wrong("--rows and --columns are for png; an npz has --count samples".into())
        }
        format => Ok(format),
    }
}
