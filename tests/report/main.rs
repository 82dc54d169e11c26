//! `atelier report` makes pages that browsers show: small, without an error, and without a word to any network.

mod browser;
mod synthetic;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use atelier::record::RunState;
use browser::{Browser, Opened};

const DESKTOP: (u32, u32) = (1280, 900);

/// Pixels across.
const PHONE: u32 = 360;

fn atelier(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_atelier")).args(arguments).output().expect("the program starts")
}

/// Makes the report of a folder, and gives the page's path.
fn report(folder: &Path) -> PathBuf {
    let output = atelier(&["report", folder.to_str().expect("a path")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = folder.join("report.html");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), page.display().to_string());
    page
}

/// The text between the first `before` and the next `after` that follows it.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("`{before}` is missing"));
    rest.split_once(after).unwrap_or_else(|| panic!("`{after}` is missing")).0
}

fn silent(opened: &Opened) {
    assert!(opened.console.is_empty(), "the console is not empty: {:#?}", opened.console);
}

/// A hundred runs: twenty configurations of five seeds, two of which failed, with montages that compress badly and many rows.
fn hundred(folder: &Path) -> PathBuf {
    let rates = ["5e-5", "1e-4", "2e-4", "5e-4", "1e-3"];
    let losses = ["non-saturating", "minimax", "hinge", "least-squares"];
    let mut planning = synthetic::grid(&rates, &losses, 5, 12, 240);
    planning.description = "</style><script>throw new Error('escaped')</script>".into();
    planning.rows = 100;
    assert_eq!(planning.runs.len(), 100);
    synthetic::write_sweep(folder, &planning);
    report(folder)
}

#[test]
fn a_hundred_runs_are_a_small_page_without_an_error_whose_slider_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page = hundred(folder.path());
    let size = fs::metadata(&page).expect("the page").len();
    assert!(size < 10_000_000, "the page has {size} bytes");
    // With less, the montages would be missing.
    assert!(size > 1_000_000, "the page has {size} bytes");
    let text = fs::read_to_string(&page).expect("UTF-8");
    assert!(text.contains("98 of 100 runs are complete; 1 diverged and 1 failed."));
    assert!(text.contains("d_loss is NaN at step 312") && text.contains("No space left on device"));

    let Some(browser) = Browser::find("the report of a hundred runs in a browser") else { return };
    let last = browser.open(&page, "", DESKTOP);
    silent(&last);
    assert!(!last.dom.contains("<script>throw"), "the description's script is an element");
    let shown = |opened: &Opened| between(&opened.dom, "id=\"epoch-shown\">", "<").to_owned();
    let picture =
        |opened: &Opened| between(&opened.dom, "<figure class=\"montage\">", "</figure>").to_owned();
    assert_eq!(shown(&last), "12");
    assert!(picture(&last).contains("epoch 12</span>"));

    let first = browser.open(&page, "epoch=1&theme=dark", DESKTOP);
    silent(&first);
    assert_eq!(shown(&first), "1");
    assert!(picture(&first).contains("epoch 1</span>") && picture(&first).contains("after epoch 1\""));
    assert!(first.dom.contains("aria-valuetext=\"epoch 1\""));
    assert!(first.dom.contains("data-theme=\"dark\""));
    let source = |opened: &Opened| between(&picture(opened), "src=\"", "\"").to_owned();
    assert!(source(&first).starts_with("data:image/png;base64,"));
    assert_ne!(source(&first), source(&last), "another epoch must be another picture");
}

/// The page without its policy, and with a script more that writes what it finds into the title.
fn with_script(page: &Path, script: &str) -> PathBuf {
    let text = fs::read_to_string(page).expect("UTF-8");
    let policy = between(&text, "<meta http-equiv=\"Content-Security-Policy\"", ">");
    let policy = format!("<meta http-equiv=\"Content-Security-Policy\"{policy}>");
    let text = text.replace(&policy, "").replace("</body>", &format!("<script>{script}</script></body>"));
    let path = page.with_file_name("changed.html");
    fs::write(&path, text).expect("a file");
    path
}

#[test]
fn the_slider_and_the_theme_obey_their_events() {
    let Some(browser) = Browser::find("slider and theme") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    synthetic::write_sweep(
        folder.path(),
        &synthetic::grid(&["1e-4", "2e-4"], &["hinge", "minimax"], 2, 4, 80),
    );
    let page = report(folder.path());
    // What an arrow key does: one step, and the event.
    let script = "const slider = document.getElementById('epoch'); slider.stepDown(); \
                  slider.dispatchEvent(new Event('input')); const before = getComputedStyle(document.body).backgroundColor; \
                  document.getElementById('theme').click(); const after = getComputedStyle(document.body).backgroundColor; \
                  document.title = [document.getElementById('epoch-shown').textContent, before, after].join('|');";
    let opened = browser.open(&with_script(&page, script), "theme=light", DESKTOP);
    silent(&opened);
    assert_eq!(between(&opened.dom, "<title>", "</title>"), "3|rgb(252, 251, 248)|rgb(21, 24, 27)");
}

#[test]
fn pages_of_every_kind_fit_a_phone() {
    let Some(browser) = Browser::find("pages at phone width") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut lost = synthetic::grid(&["1e-4", "2e-4"], &["hinge", "minimax"], 2, 4, 0);
    for run in &mut lost.runs {
        (run.state, run.reason) = (RunState::Failed, "exit-code-3-".repeat(40));
    }
    let plannings = [
        ("grid", synthetic::grid(&["1e-4", "2e-4", "5e-4"], &["hinge", "minimax"], 2, 4, 80)),
        ("strip", synthetic::grid(&["1e-4", "2e-4", "5e-4"], &["hinge"], 2, 4, 80)),
        ("random", synthetic::random(20, 4, 80)),
        ("lost", lost),
    ];
    let mut pages: Vec<PathBuf> = Vec::new();
    for (name, planning) in &plannings {
        synthetic::write_sweep(&folder.path().join(name), planning);
        pages.push(report(&folder.path().join(name)));
    }
    let runs = fs::read_dir(folder.path().join("grid")).expect("a folder").flatten();
    let run = runs.map(|entry| entry.path()).find(|path| path.is_dir()).expect("a run");
    pages.push(report(&run));
    for page in pages {
        silent(&browser.open(&page, "", DESKTOP));
        // A window of the browser cannot be as narrow as a phone, but a frame can.
        let script = "addEventListener('load', () => parent.postMessage([innerWidth, \
                      document.documentElement.scrollWidth - document.documentElement.clientWidth].join('|'), '*'));";
        let inner = with_script(&page, script);
        let frame = page.with_file_name("frame.html");
        let text = format!(
            "<title></title><script>onmessage = (event) => {{ document.title = event.data; }}</script><iframe width=\"{PHONE}\" \
             height=\"700\" style=\"border:0\" src=\"file://{}\"></iframe>",
            inner.display()
        );
        fs::write(&frame, text).expect("a file");
        let opened = browser.open(&frame, "", DESKTOP);
        silent(&opened);
        let widths = between(&opened.dom, "<title>", "</title>");
        assert_eq!(widths, format!("{PHONE}|0"), "{} scrolls sideways", page.display());
    }
}

/// Counts who knocks.
fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let knocks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&knocks);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            if let Ok(mut stream) = stream {
                let _ = stream.read(&mut [0; 512]);
            }
        }
    });
    (address, knocks)
}

#[test]
fn what_should_fail_fails_and_nothing_leaves_the_page() {
    let Some(browser) = Browser::find("the policy of the page") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    synthetic::write_sweep(folder.path(), &synthetic::grid(&["1e-4", "2e-4"], &["hinge"], 1, 2, 0));
    let page = report(folder.path());

    // These tests see an error: an exception is one.
    let broken = browser.open(&with_script(&page, "throw new Error('on purpose')"), "", DESKTOP);
    assert!(broken.console.iter().any(|line| line.contains("on purpose")), "{:?}", broken.console);

    // Had escaping a hole, the policy would still hold: what was put in neither runs nor reaches a server.
    let (address, knocks) = server();
    let intruder = format!(
        "<script>document.title = 'run'</script><img src=\"http://{address}/picture\"><link rel=\"stylesheet\" \
         href=\"http://{address}/style\"><p onclick=\"x()\" style=\"color:red\">x</p></main>"
    );
    let text = fs::read_to_string(&page).expect("UTF-8").replace("</main>", &intruder);
    let path = page.with_file_name("intruder.html");
    fs::write(&path, &text).expect("a file");
    let opened = browser.open(&path, "", DESKTOP);
    assert!(!opened.dom.contains("<title>run</title>"));
    assert!(
        opened.console.iter().any(|line| line.contains("Content Security Policy")),
        "{:?}",
        opened.console
    );
    assert_eq!(knocks.load(Ordering::SeqCst), 0, "a request left the page");

    // The same without the policy does both, so the lines above can fail.
    let path = with_script(&path, "");
    let opened = browser.open(&path, "", DESKTOP);
    assert!(opened.dom.contains("<title>run</title>"));
    assert!(knocks.load(Ordering::SeqCst) > 0, "the server is never asked");
}

#[test]
fn markdown_goes_where_it_is_asked_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    synthetic::write_sweep(folder.path(), &synthetic::grid(&["1e-4", "2e-4"], &["hinge"], 3, 2, 0));
    let sweep = folder.path().to_str().expect("a path");
    let output = atelier(&["report", sweep, "--markdown", "-"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.starts_with("## fashion_sweep\n") && text.contains("| learning_rate | runs | last g_loss |"),
        "{text}"
    );
    assert!(!folder.path().join("report.html").exists(), "Markdown alone was asked for");
    let (page, file) = (folder.path().join("a.html"), folder.path().join("b.md"));
    let paths = [&page, &file].map(|path| path.to_str().expect("a path"));
    assert!(atelier(&["report", sweep, "--output", paths[0], "--markdown", paths[1]]).status.success());
    assert_eq!(fs::read_to_string(&file).expect("Markdown"), text);
    assert!(page.is_file());
}

#[test]
fn a_folder_without_a_run_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = atelier(&["report", folder.path().to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(3));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("neither a run's folder") && message.contains("atelier list"), "{message}");
    // Nothing is written into the folder of somebody else.
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
