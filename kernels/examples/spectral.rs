//! scratch timing
use atelier_kernels::conv::{Conv, conv_data_gradient, conv_forward, conv_weight_gradient};
use atelier_kernels::spectral::Spectral;
use std::time::Instant;
fn best(rounds: usize, mut f: impl FnMut()) -> f64 {
    f();
    (0..rounds)
        .map(|_| {
            let s = Instant::now();
            f();
            s.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}
fn main() {
    atelier_kernels::memory::keep_freed_memory();
    let direct = std::env::args().any(|a| a == "direct");
    for (b, h, ci, co, k, s) in [
        (256, 7, 256, 128, 5, 1),
        (256, 14, 64, 128, 5, 2),
        (512, 14, 64, 128, 5, 2),
        (64, 7, 256, 128, 5, 1),
        (64, 14, 64, 128, 5, 2),
        (16, 7, 256, 128, 5, 1),
    ] {
        let conv =
            Conv { batch: b, height: h, width: h, in_channels: ci, out_channels: co, kernel: k, stride: s };
        let x = vec![0.5; conv.input_len()];
        let w = vec![0.1; conv.weight_len()];
        let dy = vec![0.3; conv.output_len()];
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
        let plan = Spectral::new(&conv).unwrap();
        let n: usize = std::env::var("N").map_or(7, |v| v.parse().unwrap());
        let f = best(n, || {
            plan.forward(&x, &w, &mut y, &|_, _| {});
        });
        let g = best(n, || {
            plan.data_gradient(&dy, &w, &mut dx, &|_, _| {});
        });
        let (xs, ys) = (plan.input_spectrum(&x), plan.output_spectrum(&dy));
        let h = best(n, || plan.weight_gradient(&xs, &ys, &mut dw));
        println!("{b} {ci}->{co} k{k} s{s}: fwd {f:.2} dgrad {g:.2} wgrad {h:.2} sum {:.2}", f + g + h);
        if direct {
            let f = best(n, || conv_forward(&conv, &x, &w, &mut y));
            let g = best(n, || conv_data_gradient(&conv, &dy, &w, &mut dx));
            let h = best(n, || conv_weight_gradient(&conv, &x, &dy, &mut dw));
            println!("   direct: {f:.2} {g:.2} {h:.2} sum {:.2}", f + g + h);
        }
    }
}
