//! Plain tables for the terminal.

pub(super) use crate::data::grouped;

/// Which side a column's cells stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows under a header, each column as wide as its widest cell; no spaces at line ends.
pub(super) fn render(header: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let width = |cell: &str| cell.chars().count();
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(column, (title, _))| {
            rows.iter().map(|row| width(&row[column])).chain([width(title)]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for ((cell, (_, align)), &column) in cells.zip(header).zip(&widths) {
            let space = " ".repeat(column - width(cell));
            match align {
                Align::Left => line.extend([cell, &space, "  "]),
                Align::Right => line.extend([&space, cell, "  "]),
            }
        }
        line.truncate(line.trim_end().len());
        line + "\n"
    };
    let mut text = line(&mut header.iter().map(|(title, _)| *title));
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

/// Seconds as people say them: `12 s`, `4 min 05 s`, `3 h 20 min`.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let header = [("layer", Align::Left), ("output", Align::Right)];
        let rows = vec![vec!["dense".into(), "7×7×2".into()], vec!["x".into(), "1".into()]];
        assert_eq!(render(&header, &rows), "layer  output\ndense   7×7×2\nx           1\n");
    }

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(grouped(2_330_944), "2,330,944");
        assert_eq!(grouped(512), "512");
        assert_eq!(duration(3.21), "3.2 s");
        assert_eq!(duration(125.0), "2 min 05 s");
        assert_eq!(duration(7260.0), "2 h 01 min");
    }
}
