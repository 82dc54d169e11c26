use super::*;

fn run(count: u64, level: f64) -> Vec<(u64, f64)> {
    (1..=count).map(|place| (place, level + 0.1 * (place * 7919 % 13) as f64)).collect()
}

fn groups(count: usize, seeds: usize) -> Vec<Group> {
    let group = |index: usize| Group {
        label: format!("loss=<hinge>, learning_rate=0.000{index}"),
        runs: (0..seeds).map(|seed| run(20, (index + seed) as f64)).collect(),
    };
    (0..count).map(group).collect()
}

fn figure(groups: &[Group]) -> Bands<'_> {
    Bands { title: "dcgan <fashion> & \"friends\"", measure: "g_loss", horizontal: Horizontal::Epoch, groups }
}

#[test]
fn any_curves_give_a_picture() {
    let mut odd = groups(3, 3);
    odd[0].runs[0][3].1 = f64::NAN;
    odd[0].runs[1].truncate(5);
    odd[1].runs = vec![vec![(7, f64::INFINITY)], vec![]];
    odd[2].runs = vec![vec![(0, f64::MAX), (u64::MAX, f64::MIN)]];
    let long = vec![Group { label: "x".repeat(500), runs: vec![run(5000, 1.0), run(4000, 2.0)] }];
    for groups in [vec![], groups(1, 0), groups(1, 1), groups(12, 3), odd, long] {
        let bytes = png(&figure(&groups)).unwrap();
        let info = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap().info().clone();
        assert_eq!(info.width, 1920);
        let text = svg(&figure(&groups)).unwrap();
        assert!(text.contains(&format!("width=\"960\" height=\"{}\" viewBox", info.height / 2)));
        assert!(!text.contains("NaN") && text.len() < 300_000, "{}", text.len());
        assert_eq!(bytes, png(&figure(&groups)).unwrap());
    }
}

#[test]
fn the_svg_says_what_is_drawn() {
    let text = svg(&figure(&groups(2, 3))).unwrap();
    for wanted in [
        "g_loss",
        "epoch",
        "&lt;hinge&gt;",
        "· 3 seeds",
        "line: mean over seeds · band: lowest to highest seed",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert_eq!(text.matches("<polygon").count(), 2);
    let one = svg(&figure(&groups(2, 1))).unwrap();
    assert!(!one.contains("<polygon") && !one.contains("band:") && one.contains("· 1 seed"));
    assert!(!text.contains("configurations"));
    assert!(svg(&figure(&groups(9, 1))).unwrap().contains("the first 8 of 9 configurations"));
}

#[test]
fn lines_and_bands_lie_where_their_values_are() {
    // Two flat runs at 0 and 2: the axis ends at 0 and just above 2, the mean is 1.
    let flat = |value: f64| (1..=20).map(|place| (place, value)).collect::<Vec<_>>();
    let groups = [Group { label: "a".to_owned(), runs: vec![flat(0.0), flat(2.0)] }];
    let figure = figure(&groups);
    let layout = Layout::of(&figure);
    let mut canvas =
        Canvas::new((WIDTH * SCALE) as usize, (layout.height() * SCALE) as usize, palette::PAPER);
    draw((&mut canvas).into_drawing_area(), &figure, &layout).unwrap();
    // Between two lines of the grid.
    let x = (SIDES.0 + SIDES.1) as usize + 17;
    let rows = |is_wanted: &dyn Fn([u8; 3]) -> bool| {
        let panel = (layout.top() * SCALE) as usize..(layout.bottom() * SCALE) as usize;
        panel.filter(|y| is_wanted(canvas.pixel(x, *y))).collect::<Vec<_>>()
    };
    let blue = palette::GROUPS[0];
    let line = rows(&|pixel| pixel == [blue.0, blue.1, blue.2]);
    let tinted = rows(&|pixel| pixel[0] < 0xe0 && pixel[2] > 0xe8);
    assert!((4..=6).contains(&line.len()), "{line:?}");
    let axis = Axis::widened(axis::range_of([0.0, 1.0, 2.0]), 6).range();
    let at = |value: f64| {
        let share = (axis.end - value) / (axis.end - axis.start);
        f64::from(layout.top() * SCALE) + share * f64::from(PANEL * SCALE)
    };
    let middle = (line[0] + line[line.len() - 1]) as f64 / 2.0;
    assert!((middle - at(1.0)).abs() < 2.0, "{middle} and {}", at(1.0));
    assert!((tinted[0] as f64 - at(2.0)).abs() < 3.0, "{} and {}", tinted[0], at(2.0));
    assert!((tinted[tinted.len() - 1] as f64 - at(0.0)).abs() < 3.0);
}
