//! `atelier data list|fetch|verify`.

use super::Exit;
use super::arguments::{self, Data, DataAction};
use super::exit::Failure;
use super::output;
use super::reporter::downloading;
use super::table::{Align, grouped, render};
use crate::data::fetch::Policy;
use crate::data::published::{self, ALL, Published};
use crate::data::{Folders, Whereabouts, list};
use std::io::IsTerminal;

pub(super) fn data(arguments: Data) -> Result<Exit, Failure> {
    let folders = Folders::from_environment(arguments.data_dir.as_deref())?;
    match arguments.action {
        DataAction::List => show(&folders),
        DataAction::Fetch { name } => fetch(&folders, name),
        DataAction::Verify { name } => verify(&folders, name),
    }
}

fn show(folders: &Folders) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let rows: Vec<_> = list(folders)
        .into_iter()
        .map(|entry| {
            let place = match entry.whereabouts {
                Whereabouts::Drawn => "drawn by the program".to_owned(),
                Whereabouts::Given => "named in the experiment file".to_owned(),
                Whereabouts::Here(folder) => folder.display().to_string(),
                Whereabouts::NotHere => format!("not here: `atelier data fetch {}`", entry.name),
                Whereabouts::Faulty(error) => {
                    exit = Exit::Damaged;
                    format!("faulty: {error}")
                }
            };
            let size = entry.bytes.map_or_else(String::new, |bytes| format!("{} kB", grouped(bytes / 1000)));
            vec![entry.name.to_owned(), entry.description.to_owned(), size, place]
        })
        .collect();
    let header =
        [("name", Align::Left), ("what", Align::Left), ("size", Align::Right), ("where", Align::Left)];
    output::bytes(render(&header, &rows).as_bytes())?;
    Ok(exit)
}

fn fetch(folders: &Folders, name: arguments::Published) -> Result<Exit, Failure> {
    let known = published::expect(name.word(), "fetch")?;
    let (mut bar, is_terminal) = (None, std::io::stdout().is_terminal());
    let folder = known.fetch(&folders.cache, &Policy::default(), &mut |progress| {
        if let Some(line) = downloading(&mut bar, is_terminal, &progress) {
            output::mention(line);
        }
    })?;
    output::line(format_args!("{} is in {}", name.word(), folder.display()))?;
    Ok(Exit::Done)
}

fn verify(folders: &Folders, name: Option<arguments::Published>) -> Result<Exit, Failure> {
    let wanted: Vec<&'static dyn Published> = match name {
        Some(name) => vec![published::expect(name.word(), "verify")?],
        None => ALL.to_vec(),
    };
    let mut exit = Exit::Done;
    for known in wanted {
        let checks = known.verify(folders)?;
        if checks.is_empty() {
            output::line(format_args!("{}: not here", known.name()))?;
            // Asked for by name, its absence is an answer that a script must notice.
            exit = if name.is_some() { Exit::Damaged } else { exit };
        }
        for check in checks {
            match check.result {
                Ok(()) => output::line(format_args!("{}: ok", check.path.display()))?,
                Err(error) => {
                    exit = Exit::Damaged;
                    output::complain(format_args!("error: {error}"));
                }
            }
        }
    }
    Ok(exit)
}
