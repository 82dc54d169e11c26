use super::*;
use crate::figures::testing::decoded;

fn point(name: &str, x: f64, y: f64) -> Point {
    Point { name: name.to_owned(), x, y, std: None }
}

fn plane<'a>(points: &'a [Point], floor: Option<(f64, f64)>) -> Plane<'a> {
    Plane {
        title: "an <experiment>",
        note: "a note",
        horizontal: "recall",
        vertical: "precision",
        points,
        floor,
    }
}

/// Twenty points in a fifth of the plane, as of losses that are much alike.
fn crowd() -> Vec<Point> {
    let point = |index: u32| {
        let wave = |factor: u32| f64::from(index * factor % 101) / 101.0;
        let std = (!index.is_multiple_of(3)).then_some((0.02, 0.01));
        Point { std, ..point(&format!("loss number {index}"), 0.5 + 0.4 * wave(7919), 0.6 + 0.3 * wave(31)) }
    };
    (0..20).map(point).collect()
}

#[test]
fn points_lie_at_their_scores_and_the_floor_has_a_mark_of_its_own() {
    let picture = decoded(&png(&plane(&[point("a", 0.25, 0.75)], Some((0.5, 0.5)))).unwrap());
    let center = |color| {
        let inside = picture.of_color(color).into_iter().filter(|(x, y)| {
            // Names are of other colours or beside.
            let (left, top, right, bottom) = SQUARE;
            let inside = |at: usize, low: i32, high: i32| (2 * low..2 * high).contains(&(at as i32));
            inside(*x, left, right) && inside(*y, top, bottom)
        });
        let all: Vec<_> = inside.collect();
        assert!(!all.is_empty());
        let mean =
            |of: fn(&(usize, usize)) -> usize| all.iter().map(of).sum::<usize>() as f64 / all.len() as f64;
        (mean(|at| at.0), mean(|at| at.1))
    };
    let expected = |x: f64, y: f64| {
        let (left, top, right, bottom) = SQUARE;
        let at = |low: i32, high: i32, share: f64| 2.0 * (f64::from(low) + share * f64::from(high - low));
        (at(left, right, x), at(bottom, top, y))
    };
    let (found, wanted) = (center(palette::BLUE), expected(0.25, 0.75));
    assert!((found.0 - wanted.0).abs() < 2.0 && (found.1 - wanted.1).abs() < 2.0, "{found:?} {wanted:?}");
    let (x, y) = expected(0.5, 0.5);
    let vermillion = [palette::VERMILLION.0, palette::VERMILLION.1, palette::VERMILLION.2];
    assert_eq!(picture.at(x as usize, y as usize), vermillion);
}

#[test]
fn names_cover_neither_points_nor_each_other() {
    let points = crowd();
    let place = |point: &Point| (100.0 + 660.0 * point.x, 760.0 - 660.0 * point.y);
    let all: Vec<_> = points.iter().map(|point| (place(point), point.name.as_str())).collect();
    let marks: Vec<Rectangle> = all.iter().map(|(at, _)| Rectangle::around(*at, *at, 8.0)).collect();
    let bounds = Rectangle { left: 100.0, top: 100.0, right: 760.0, bottom: 760.0 };
    let obstacles = Obstacles { points: marks.clone(), lines: Vec::new() };
    let placed = labels::place(&all, &obstacles, bounds, 16.0);
    assert_eq!(placed, labels::place(&all, &obstacles, bounds, 16.0));
    let found: Vec<&Label> = placed.iter().flatten().collect();
    assert_eq!(found.len(), 20);
    for (index, label) in found.iter().enumerate() {
        let Rectangle { left, top, right, bottom } = label.bounds;
        assert!(left >= 100.0 && top >= 100.0 && right <= 760.0 && bottom <= 760.0);
        assert!(right - left > f64::from(fonts::width(&label.text, 16.0)));
        assert!(marks.iter().all(|mark| !mark.meets(&label.bounds)), "{label:?}");
        assert!(found[..index].iter().all(|other| !other.bounds.meets(&label.bounds)), "{label:?}");
    }
}

#[test]
fn a_score_beyond_1_widens_its_axis_alone() {
    let text = |points: &[Point]| svg(&plane(points, None)).unwrap();
    let wide = text(&[point("dense", 0.5, 1.4)]);
    assert!(wide.contains(">\n1.5\n"), "{wide}");
    assert!(!text(&[point("usual", 0.5, 1.0)]).contains(">\n1.5\n"));
}

#[test]
fn any_points_give_a_picture_and_equal_points_equal_bytes() {
    let odd = vec![
        point("", 0.0, 0.0),
        point("a name that is much longer than any room could ever be for it", 1.0, 1.0),
        point("nowhere", f64::NAN, 0.5),
        point("far", 1e300, f64::INFINITY),
        point("huge", 1e300, 0.5),
        point("below", -5.0, 0.5),
        Point { std: Some((f64::NAN, f64::INFINITY)), ..point("unsure", 0.5, 0.5) },
        Point { std: Some((1e300, 0.1)), ..point("wide", 0.4, 0.4) },
    ];
    let same: Vec<Point> = (0..15).map(|index| point(&format!("number {index}"), 0.5, 0.5)).collect();
    for points in [vec![], vec![point("one", 0.5, 0.5)], crowd(), odd, same] {
        for floor in [Some((0.95, 0.9)), Some((f64::NAN, 0.5))] {
            let plane = plane(&points, floor);
            let bytes = png(&plane).unwrap();
            let picture = decoded(&bytes);
            assert_eq!((picture.width as i32, picture.height as i32), (SIZE.0 * SCALE, SIZE.1 * SCALE));
            assert_eq!(bytes, png(&plane).unwrap());
            let text = svg(&plane).unwrap();
            assert!(text.contains("an &lt;experiment&gt;") && !text.contains("NaN") && !text.contains("inf"));
            let has_floor = floor.is_some_and(|floor| floor.0.is_finite());
            assert_eq!(text.contains(FLOOR), has_floor);
        }
    }
}
