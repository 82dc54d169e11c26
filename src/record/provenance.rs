//! Where a run's numbers come from: the program, the compiler and the machine.

use serde::{Deserialize, Serialize};

/// What the build script knows and a running program cannot find out.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The program's version.
    pub version: &'a str,
    /// The commit that was built, if it was built from a repository.
    pub git_commit: Option<&'a str>,
    /// Whether tracked files differed from that commit.
    pub git_dirty: Option<bool>,
    /// `rustc --version`.
    pub rustc: &'a str,
}

/// What a run was made with; `[provenance]` in `run.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The program's version.
    pub program_version: String,
    /// The commit that was built, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_commit: Option<String>,
    /// Whether tracked files differed from that commit, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_dirty: Option<bool>,
    /// `rustc --version` of the build.
    pub rustc: String,
    /// The CPU's model name, or `unknown`.
    pub cpu: String,
    /// The GPU's name, if one was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// Threads that computed.
    pub threads: usize,
    /// Operating system, its version where it tells, and architecture: `linux 6.1.0 x86_64`.
    pub os: String,
}

impl Provenance {
    /// Asks the machine for its names and adds what the caller knows.
    pub fn gather(build: Build<'_>, gpu: Option<String>, threads: usize) -> Self {
        Self {
            program_version: build.version.to_string(),
            git_commit: build.git_commit.map(str::to_string),
            git_dirty: build.git_dirty,
            rustc: build.rustc.to_string(),
            cpu: cpu().unwrap_or_else(|| "unknown".to_string()),
            gpu,
            threads,
            os: os(),
        }
    }
}

/// The CPU's model name.
#[cfg(target_os = "linux")]
fn cpu() -> Option<String> {
    cpu_from_cpuinfo(&std::fs::read_to_string("/proc/cpuinfo").ok()?)
}

/// The CPU's model name.
#[cfg(target_os = "macos")]
fn cpu() -> Option<String> {
    let output = std::process::Command::new("/usr/sbin/sysctl")
        .args(["-n", "machdep.cpu.brand_string"])
        .output()
        .ok()?;
    one_line(&String::from_utf8(output.stdout).ok()?)
}

/// The CPU's model name.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn cpu() -> Option<String> {
    one_line(&std::env::var("PROCESSOR_IDENTIFIER").ok()?)
}

/// x86 says `model name`; some ARM boards say `Hardware` or `Model` and many say nothing.
#[cfg(any(target_os = "linux", test))]
fn cpu_from_cpuinfo(text: &str) -> Option<String> {
    ["model name", "Hardware", "Model", "cpu model"].iter().find_map(|key| {
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim() == *key)
            .and_then(|(_, value)| one_line(value))
    })
}

fn os() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().and_then(|text| one_line(&text));
    let words = [Some(std::env::consts::OS.to_string()), release, Some(std::env::consts::ARCH.to_string())];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The text without repeated blanks and control characters; `None` if nothing is left.
fn one_line(text: &str) -> Option<String> {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_the_model_name() {
        let x86 = "processor\t: 0\nmodel\t\t: 97\nmodel name\t: AMD  Ryzen 9\t7950X \nprocessor\t: 1\n";
        assert_eq!(cpu_from_cpuinfo(x86).as_deref(), Some("AMD Ryzen 9 7950X"));
        let arm = "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 4\n";
        assert_eq!(cpu_from_cpuinfo(arm).as_deref(), Some("Raspberry Pi 4"));
        assert_eq!(cpu_from_cpuinfo("model name\t:  \n"), None);
    }

    #[test]
    fn every_text_is_one_line() {
        let build = Build { version: "0.1.0", git_commit: None, git_dirty: None, rustc: "rustc 1.95.0" };
        let provenance = Provenance::gather(build, None, 2);
        for text in [&provenance.cpu, &provenance.os] {
            assert!(!text.is_empty() && !text.contains('\n'));
        }
        assert!(provenance.os.starts_with(std::env::consts::OS));
        assert!(provenance.os.ends_with(std::env::consts::ARCH));
    }
}
