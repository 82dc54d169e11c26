use super::*;

const WHITE: RGBColor = RGBColor(255, 255, 255);
const BLACK: BackendColor = BackendColor { alpha: 1.0, rgb: (0, 0, 0) };

/// The black on the canvas, in pixels.
fn area(canvas: &Canvas) -> f64 {
    let white: f64 = canvas.pixels.iter().map(|byte| f64::from(*byte)).sum();
    canvas.pixels.len() as f64 / 3.0 - white / (3.0 * 255.0)
}

#[test]
fn shapes_cover_their_areas() {
    let mut canvas = Canvas::new(100, 80, WHITE);
    canvas.fill_rectangle((10.25, 10.5), (30.75, 20.0), BLACK);
    assert!((area(&canvas) - 20.5 * 9.5).abs() < 0.5);
    let mut canvas = Canvas::new(100, 80, WHITE);
    canvas.fill_circle((50.3, 40.6), 20.0, BLACK);
    assert!((area(&canvas) - std::f64::consts::PI * 400.0).abs() < 5.0);
    // A stroke has half a circle at each end.
    for to in [(80.0, 30.0), (25.0, 75.0), (20.5, 20.25), (90.0, 20.25)] {
        let mut canvas = Canvas::new(100, 80, WHITE);
        let from = (20.5_f32, 20.25_f32);
        canvas.stroke_path(&[from, to], 3.0, BLACK);
        let length = f64::from(distance(from, to));
        let expected = length * 3.0 + std::f64::consts::PI * 1.5 * 1.5;
        assert!((area(&canvas) - expected).abs() < 0.03 * expected + 0.5, "{to:?}");
    }
}

#[test]
fn what_lies_outside_is_left_out() {
    let mut canvas = Canvas::new(10, 10, WHITE);
    let far = [(-1e9, -1e9), (1e9, -1e9), (-5.0, 500.0), (f32::NAN, 3.0)];
    canvas.stroke_path(&far[..2], 3.0, BLACK);
    for point in far {
        canvas.fill_circle(point, 2.0, BLACK);
        canvas.fill_rectangle(point, point, BLACK);
    }
    for point in &far[..3] {
        canvas.text(*point, "text", 12.0, BLACK, Anchor::CENTER, true);
    }
    assert_eq!(area(&canvas), 0.0);
    canvas.stroke_path(&[], 3.0, BLACK);
    canvas.fill_rectangle((-50.0, -50.0), (5.0, 50.0), BLACK);
    assert_eq!(area(&canvas), 50.0);
    assert_eq!(canvas.pixel(4, 9), [0; 3]);
    assert_eq!(canvas.pixel(5, 9), [255; 3]);
}

#[test]
fn a_translucent_curve_is_of_one_tone_where_it_meets_itself() {
    let mut canvas = Canvas::new(40, 40, WHITE);
    let grey = BackendColor { alpha: 0.5, rgb: (0, 0, 0) };
    let zigzag = [(5.0, 20.0), (35.0, 20.0), (5.0, 20.0), (35.0, 20.0)];
    canvas.stroke_path(&zigzag, 4.0, grey);
    assert_eq!(canvas.pixel(20, 20), [128; 3]);
}
