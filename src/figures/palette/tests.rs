use super::*;

/// What protan, deutan and tritan eyes see of linear RGB: Machado, Oliveira and Fernandes 2009, table 1, severity 1.
const EYES: [[[f64; 3]; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
];

fn linear(color: RGBColor) -> [f64; 3] {
    [color.0, color.1, color.2].map(|byte| {
        let share = f64::from(byte) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    })
}

/// CIE L*a*b* of what an eye sees, for D65.
fn lab(color: RGBColor, eye: &[[f64; 3]; 3]) -> [f64; 3] {
    let times =
        |matrix: &[[f64; 3]; 3], v: [f64; 3]| matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
    let seen = times(eye, linear(color)).map(|share| share.clamp(0.0, 1.0));
    let to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
    let [x, y, z] = times(&to_xyz, seen);
    let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let (x, y, z) = (f(x / 0.95047), f(y), f(z / 1.08883));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn every_eye_tells_the_groups_apart() {
    for eye in &EYES {
        for (index, a) in GROUPS.iter().enumerate() {
            for b in &GROUPS[..index] {
                let (p, q) = (lab(*a, eye), lab(*b, eye));
                let distance = (0..3).map(|axis| (p[axis] - q[axis]).powi(2)).sum::<f64>().sqrt();
                // A distance of 2.3 can just be seen (Mahy, Van Eycken and Oosterlinck 1994).
                assert!(distance > 15.0, "{a:?} and {b:?}: {distance}");
            }
        }
    }
}

#[test]
fn every_group_can_be_seen_on_paper() {
    for color in GROUPS {
        let [r, g, b] = linear(color);
        let contrast = 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
        assert!(contrast > 2.2, "{color:?}: {contrast}");
    }
}
