//! Large blocks ask for huge pages. (In a program of its own, as its neighbour counts the page faults of the whole process.)

#![cfg(target_os = "linux")]

use std::path::Path;

use atelier_kernels::memory::HugePages;

#[global_allocator]
static ALLOCATOR: HugePages = HugePages;

/// Whether huge pages were asked for where this number lies: the flag `hg` of its mapping (man 5 proc, smaps).
fn has_asked(number: &f32) -> bool {
    let address = std::ptr::from_ref(number).addr();
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let is_around = |line: &str| -> Option<bool> {
        let (start, end) = line.split_whitespace().next()?.split_once('-')?;
        let [start, end] = [start, end].map(|number| usize::from_str_radix(number, 16));
        Some((start.ok()?..end.ok()?).contains(&address))
    };
    let lines = maps.lines().skip_while(|line| is_around(line) != Some(true));
    let flags = lines.map(|line| line.strip_prefix("VmFlags:")).find_map(|flags| flags).unwrap();
    flags.split_whitespace().any(|flag| flag == "hg")
}

#[test]
fn large_blocks_ask_for_huge_pages_and_keep_their_numbers() {
    if !Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
        return;
    }
    let mut numbers: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let is_same = |numbers: &[f32]| (0..1000).all(|i| numbers[i] == i as f32);
    // Grown from small to large, and larger; then zeros, which were asked for as such.
    for length in [1 << 20, 1 << 24] {
        numbers.resize(length, 1.0);
        assert!(is_same(&numbers) && numbers[1000..].iter().all(|x| *x == 1.0));
        assert!(has_asked(&numbers[0]) && has_asked(&numbers[length - 1]), "{length}");
    }
    let zeros = vec![0.0_f32; 1 << 20];
    assert!(zeros.iter().all(|x| *x == 0.0) && has_asked(&zeros[0]));
    numbers.truncate(1000);
    numbers.shrink_to_fit();
    assert!(is_same(&numbers));
}
