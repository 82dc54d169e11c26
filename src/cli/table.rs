//! Plain tables for the terminal.

pub(super) use crate::data::grouped;
pub(super) use crate::report::duration;
use std::io::IsTerminal;

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

/// As [`render`]; on a terminal that is too narrow, the columns are put into several tables one below the other, each with
/// the first column.
pub(super) fn render_wide(header: &[(String, Align)], rows: &[Vec<String>]) -> String {
    let is_terminal = std::io::stdout().is_terminal();
    let width = terminal_size::terminal_size().filter(|_| is_terminal);
    render_within(header, rows, width.map_or(usize::MAX, |(width, _)| usize::from(width.0)))
}

fn render_within(header: &[(String, Align)], rows: &[Vec<String>], limit: usize) -> String {
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([header[column].0.chars().count()]).max().unwrap_or(0) + 2
        })
        .collect();
    let first = widths.first().copied().unwrap_or(0);
    let mut tables: Vec<Vec<usize>> = vec![vec![0]];
    let mut used = first;
    for (column, width) in widths.iter().enumerate().skip(1) {
        // The two spaces at the end of a line are not printed.
        let is_full = used + width > limit.saturating_add(2);
        match tables.last_mut() {
            Some(table) if !is_full || table.len() == 1 => table.push(column),
            _ => {
                tables.push(vec![0, column]);
                used = first;
            }
        }
        used += width;
    }
    let table = |columns: &Vec<usize>| {
        let header: Vec<(&str, Align)> =
            columns.iter().map(|column| (header[*column].0.as_str(), header[*column].1)).collect();
        let pick = |row: &Vec<String>| columns.iter().map(|column| row[*column].clone()).collect();
        render(&header, &rows.iter().map(pick).collect::<Vec<_>>())
    };
    tables.iter().map(table).collect::<Vec<_>>().join("\n")
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
    fn wide_tables_are_broken_into_several() {
        let header = ["#", "loss", "rate"].map(|name| (name.to_owned(), Align::Left));
        let rows = vec![["1", "hinge", "0.1"].map(str::to_owned).to_vec()];
        let whole = "#  loss   rate\n1  hinge  0.1\n";
        assert_eq!(render_within(&header, &rows, 14), whole);
        let broken = "#  loss\n1  hinge\n\n#  rate\n1  0.1\n";
        assert_eq!(render_within(&header, &rows, 13), broken);
        assert_eq!(render_within(&header, &rows, 1), broken);
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
