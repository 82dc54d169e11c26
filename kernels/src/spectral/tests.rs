use super::*;
use crate::conv::{conv_data_gradient, conv_forward, conv_weight_gradient};

fn numbers(length: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..length).map(|_| next()).collect()
}

fn error(actual: &[f32], expected: &[f32]) -> f64 {
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        actual.iter().zip(expected).map(|(&a, &e)| f(f64::from(a), f64::from(e))).sum()
    };
    (sum(&|a, e| (a - e) * (a - e)) / sum(&|_, e| e * e)).sqrt()
}

#[test]
fn quick() {
    for (b, h, ci, co, k, s) in
        [(3, 7, 16, 32, 5, 1), (5, 14, 16, 32, 5, 2), (2, 8, 20, 33, 3, 1), (2, 4, 16, 16, 4, 2)]
    {
        let conv =
            Conv { batch: b, height: h, width: h, in_channels: ci, out_channels: co, kernel: k, stride: s };
        let (x, w, dy) =
            (numbers(conv.input_len(), 1), numbers(conv.weight_len(), 2), numbers(conv.output_len(), 3));
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), vec![0.0; w.len()]);
        conv_forward(&conv, &x, &w, &mut y);
        conv_data_gradient(&conv, &dy, &w, &mut dx);
        conv_weight_gradient(&conv, &x, &dy, &mut dw);
        let plan = Spectral::new(&conv).unwrap();
        let (mut y2, mut dx2, mut dw2) = (dy.clone(), x.clone(), vec![0.0; w.len()]);
        let xs = plan.forward(&x, &w, &mut y2, &|_, _| {});
        let ys = plan.data_gradient(&dy, &w, &mut dx2, &|_, _| {});
        plan.weight_gradient(&xs, &ys, &mut dw2);
        println!("{conv:?} {:e} {:e} {:e}", error(&y2, &y), error(&dx2, &dx), error(&dw2, &dw));
    }
}
