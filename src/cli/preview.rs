//! `--preview`: the newest montage in the terminal, between the lines that have been printed and the progress bar.
//!
//! There is one picture at a time: the next one takes its place, so that what one scrolls back to are the lines. What the
//! terminal understands decides how it is drawn: the protocols of kitty, iTerm2 and sixel, or half blocks, two pixels a
//! cell, which need nothing but colours.

use image::DynamicImage;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Epochs can be shorter than a terminal takes to draw: pictures come no faster than this, and the last one always.
const BETWEEN_PICTURES: Duration = Duration::from_millis(250);

/// Rows of the window that a picture leaves free: two lines, the bar, and the one that a command ends on.
const FREE_ROWS: u16 = 4;
/// Smaller than this, nothing can be recognised, and no picture is drawn.
const LEAST: (u16, u16) = (12, 6);
/// Pixels of a picture for the width of a cell, at most. Montages enlarge 28×28 images threefold, so half blocks show
/// these pixel for pixel if the window has room.
const BLOCK: f64 = 3.0;
/// The same where the terminal draws pixels itself: about the width of a letter.
const LETTER: f64 = 8.0;

/// Whether pictures can be shown at all; if not, why.
pub(super) fn possible() -> Result<(), &'static str> {
    if !io::stdout().is_terminal() {
        return Err("standard output is not a terminal");
    }
    match env::var("TERM") {
        Ok(term) if term != "dumb" => Ok(()),
        _ if cfg!(windows) => Ok(()),
        _ => Err("this terminal takes lines only (TERM is not set, or dumb)"),
    }
}

/// The newest montage, and the one on the screen.
pub(super) struct Preview {
    graphics: Graphics,
    /// The newest one, which may be on the screen already.
    newest: Option<PathBuf>,
    shown: Option<Shown>,
    drawn: Option<Instant>,
    /// Lines that go above the next picture.
    lines: Vec<String>,
    /// Whether there are lines, or a picture that has not been shown.
    is_waiting: bool,
    /// Set when the process goes on after Ctrl-Z: the shell has written below the picture meanwhile.
    continued: Arc<AtomicBool>,
}

/// The picture that ends in the line above the cursor. In cells.
#[derive(Clone, Copy, Debug)]
struct Shown {
    columns: u16,
    rows: u16,
}

impl Preview {
    pub(super) fn new() -> Self {
        let continued = Arc::new(AtomicBool::new(false));
        // Where it cannot be registered, a picture may stay on the screen after Ctrl-Z.
        #[cfg(unix)]
        let _ = signal_hook::flag::register(signal_hook::consts::SIGCONT, Arc::clone(&continued));
        Self {
            graphics: Graphics::of_terminal(),
            newest: None,
            shown: None,
            drawn: None,
            lines: Vec::new(),
            is_waiting: false,
            continued,
        }
    }

    /// Takes a line, and the picture to show below it, as far as there are new ones.
    pub(super) fn add(&mut self, line: Option<String>, montage: Option<&Path>) {
        self.is_waiting |= line.is_some() || montage.is_some();
        self.lines.extend(line);
        if let Some(montage) = montage {
            self.newest = Some(montage.to_path_buf());
        }
    }

    /// Whether there is something to show, and the last picture has been there long enough.
    pub(super) fn is_due(&self) -> bool {
        self.is_waiting && self.drawn.is_none_or(|drawn| drawn.elapsed() >= BETWEEN_PICTURES)
    }

    /// Whether there is something to show.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Shows what there is: the cursor must stand at the beginning of the line below the picture, and does so afterwards.
    ///
    /// # Errors
    /// If the picture cannot be read or the terminal cannot be written to; the lines are shown all the same.
    pub(super) fn show(&mut self) -> Result<(), String> {
        self.is_waiting = false;
        let lines: String = self.lines.drain(..).flat_map(|line| [line, "\n".to_owned()]).collect();
        let mut terminal = io::stdout();
        if self.continued.swap(false, Ordering::Relaxed) || !is_in_foreground() {
            // Who works at the terminal now would not want it cleared.
            self.shown = None;
        }
        // Between these two marks a terminal that knows them draws nothing, so that the picture does not flicker.
        let _ = terminal.write_all(b"\x1b[?2026h");
        let _ = self.erase(&mut terminal);
        let _ = terminal.write_all(lines.as_bytes());
        let result = match &self.newest {
            Some(montage) if is_in_foreground() => self.draw(&mut terminal, montage),
            _ => Ok(None),
        };
        let _ = terminal.write_all(b"\x1b[?2026l").and_then(|()| terminal.flush());
        self.drawn = Some(Instant::now());
        self.shown = result?;
        Ok(())
    }

    /// Removes the picture on the screen, which leaves the cursor where it began.
    fn erase(&mut self, terminal: &mut io::Stdout) -> io::Result<()> {
        let Some(Shown { columns, rows }) = self.shown.take() else { return Ok(()) };
        let (window_columns, window_rows) = viuer::terminal_size();
        // In a window that was made too narrow, some terminals have wrapped the picture's lines and others have cut them:
        // it stays, as clearing the wrong lines would be worse.
        if window_columns < columns {
            return Ok(());
        }
        // What has left a lower window at its top cannot be reached.
        write!(terminal, "\x1b[{}A\r", rows.min(window_rows.saturating_sub(1)).max(1))?;
        if self.graphics == Graphics::Kitty {
            // Here, pictures lie over the text: this deletes the one at the cursor.
            terminal.write_all(b"\x1b_Ga=d,d=C\x1b\\")?;
        }
        terminal.write_all(b"\x1b[J")
    }

    /// Draws a picture from the cursor on; `None` if the window is too small for any.
    fn draw(&self, terminal: &mut io::Stdout, montage: &Path) -> Result<Option<Shown>, String> {
        let failed = |error: String| format!("{}: {error}", montage.display());
        let bytes = std::fs::read(montage).map_err(|error| failed(error.to_string()))?;
        let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png)
            .map_err(|error| failed(error.to_string()))?;
        let size = (picture.width(), picture.height());
        let Some((columns, rows)) = cells(size, viuer::terminal_size(), self.graphics) else {
            return Ok(None);
        };
        let picture = match self.graphics {
            Graphics::Blocks => smooth(&picture, columns, rows),
            _ => picture,
        };
        // The protocols leave the cursor in different places, and sixels take fewer rows where letters are high. So the
        // rows are there before the picture is, with one for the bar, and the cursor goes where it must by itself.
        let room = usize::from(rows) + 1;
        write!(terminal, "{}\x1b[{room}A", "\n".repeat(room)).map_err(|error| error.to_string())?;
        let config = viuer::Config {
            absolute_offset: false,
            restore_cursor: true,
            width: Some(columns.into()),
            height: Some(rows.into()),
            use_kitty: self.graphics == Graphics::Kitty,
            use_iterm: self.graphics == Graphics::Iterm,
            use_sixel: self.graphics == Graphics::Sixel,
            ..viuer::Config::default()
        };
        let printed = viuer::print(&picture, &config);
        write!(terminal, "\x1b[{rows}B\r").map_err(|error| error.to_string())?;
        printed.map_err(|error| error.to_string())?;
        Ok(Some(Shown { columns, rows }))
    }
}

/// How the terminal draws pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Graphics {
    Kitty,
    Iterm,
    Sixel,
    /// Two coloured pixels a cell, one above the other.
    Blocks,
}

impl Graphics {
    /// Kitty and sixel terminals are asked whether they are. viuer waits for the answer for ever, so only those that are known to
    /// answer are asked, and only from the foreground, where the answer can be read.
    fn of_terminal() -> Self {
        let is = |name: &str, beginnings: &[&str]| {
            env::var(name).is_ok_and(|value| beginnings.iter().any(|beginning| value.starts_with(beginning)))
        };
        let has = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        // What passes text on to another terminal swallows pictures or draws a box in their place.
        let is_passed_on =
            has("TMUX") || has("STY") || has("ZELLIJ") || is("TERM", &["screen", "tmux", "dvtm"]);
        if is_passed_on {
            return Self::Blocks;
        }
        if viuer::is_iterm_supported() {
            return Self::Iterm;
        }
        let may_be_kitty = has("KITTY_WINDOW_ID")
            || is("TERM", &["xterm-kitty", "xterm-ghostty"])
            || is("TERM_PROGRAM", &["ghostty"]);
        if may_be_kitty && is_in_foreground() && viuer::get_kitty_support() != viuer::KittySupport::None {
            return Self::Kitty;
        }
        let may_have_sixel =
            has("XTERM_VERSION") || has("WT_SESSION") || is("TERM", &["foot", "mlterm", "contour"]);
        if may_have_sixel && is_in_foreground() && viuer::is_sixel_supported() {
            return Self::Sixel;
        }
        Self::Blocks
    }
}

/// Columns and rows of cells, twice as high as wide, for a picture of `size` (width, height) pixels in a window of so many
/// columns and rows.
fn cells(size: (u32, u32), window: (u16, u16), graphics: Graphics) -> Option<(u16, u16)> {
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    // The last column is left free: a full line is where terminals differ.
    let room = (window.0.saturating_sub(1), window.1.saturating_sub(FREE_ROWS));
    if room.0 < LEAST.0 || room.1 < LEAST.1 {
        return None;
    }
    let most = if graphics == Graphics::Blocks { 1.0 / BLOCK } else { 1.0 / LETTER };
    let scale = most.min(f64::from(room.0) / width).min(2.0 * f64::from(room.1) / height);
    // At least 1, and in the room whatever the rounding does.
    let columns = ((width * scale).round() as u16).clamp(1, room.0);
    let rows = ((height * scale / 2.0).round() as u16).clamp(1, room.1);
    Some((columns, rows))
}

/// The picture with one pixel for each half of a cell: the mean of the pixels there, which never is darker or brighter than
/// they are, as sharper filters are at edges.
fn smooth(picture: &DynamicImage, columns: u16, rows: u16) -> DynamicImage {
    picture.thumbnail_exact(columns.into(), 2 * u32::from(rows))
}

/// Whether the terminal is this process's to ask and to clear: not that of a command that runs in the background.
#[cfg(unix)]
fn is_in_foreground() -> bool {
    // A pipe, say, belongs to nobody.
    rustix::termios::tcgetpgrp(io::stdout()).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn is_in_foreground() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_large_as_pixels_and_window_allow() {
        // Sixteen 28×28 images, threefold: a half block a pixel.
        assert_eq!(cells((346, 346), (200, 80), Graphics::Blocks), Some((115, 58)));
        assert_eq!(cells((346, 346), (80, 24), Graphics::Blocks), Some((40, 20)));
        assert_eq!(cells((346, 346), (30, 60), Graphics::Blocks), Some((29, 15)));
        assert_eq!(cells((346, 346), (200, 80), Graphics::Kitty), Some((43, 22)));
        // A wide one, and one row of it.
        assert_eq!(cells((1000, 100), (81, 24), Graphics::Blocks), Some((80, 4)));
        assert_eq!(cells((4096, 1), (81, 24), Graphics::Blocks), Some((80, 1)));
        assert_eq!(cells((1, 4096), (81, 24), Graphics::Blocks), Some((1, 20)));
        // No room.
        assert_eq!(cells((346, 346), (80, 9), Graphics::Blocks), None);
        assert_eq!(cells((346, 346), (12, 24), Graphics::Blocks), None);
        assert_eq!(cells((346, 346), (0, 0), Graphics::Sixel), None);
    }

    #[test]
    fn every_size_fits_its_window() {
        for window in [(13, 10), (40, 12), (80, 24), (117, 63), (300, 100), (u16::MAX, u16::MAX)] {
            for size in [(1, 1), (266, 266), (346, 346), (640, 480), (4096, 2), (2, 4096)] {
                for graphics in [Graphics::Blocks, Graphics::Iterm] {
                    let (columns, rows) = cells(size, window, graphics).expect("there is room");
                    assert!(columns >= 1 && rows >= 1);
                    assert!(columns < window.0 && rows + FREE_ROWS <= window.1, "{size:?} in {window:?}");
                }
            }
        }
    }

    #[test]
    fn half_blocks_keep_the_greys() {
        let grey = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(346, 346, image::Luma([77])));
        let small = smooth(&grey, 40, 20);
        assert_eq!((small.width(), small.height()), (40, 40));
        assert!(small.to_luma8().pixels().all(|pixel| pixel.0 == [77]));

        // Three pixels of the picture to a half block: exact.
        let stripes =
            image::GrayImage::from_fn(30, 12, |x, _| image::Luma([if x / 3 % 2 == 0 { 10 } else { 250 }]));
        let small = smooth(&DynamicImage::ImageLuma8(stripes), 10, 2).to_luma8();
        assert_eq!(small.into_raw(), [10, 250].repeat(20));
    }
}
