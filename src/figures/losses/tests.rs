use super::*;
use plotters::style::RGBColor;

const TITLE: Title<'_> = Title { experiment: "dcgan <fashion> & \"friends\"", run: "seed0-3f2a91c4" };

fn columns() -> Columns {
    Columns::new(crate::config::columns::GAN.map(|column| column.name))
}

fn rows(count: u64, per_epoch: u64) -> Vec<MetricsRow> {
    (1..=count)
        .map(|index| {
            let wave = (index * 7919 % 101) as f64 / 101.0;
            MetricsRow {
                columns: columns(),
                epoch: index.div_ceil(per_epoch),
                step: 10 * index,
                values: vec![
                    1.2 + 0.3 * wave,
                    0.9 - 0.2 * wave,
                    0.5 + 0.3 * wave,
                    0.5 - 0.4 * wave,
                    1.0,
                    1.0,
                ],
                images_per_second: 1000.0,
                seconds: index as f64,
            }
        })
        .collect()
}

#[test]
fn any_rows_give_a_picture_of_the_stated_size() {
    let mut odd = rows(300, 1);
    odd[0].values[0] = f64::NAN;
    odd[7].values[1] = f64::MAX;
    odd[8].values[1] = f64::MIN;
    odd[299].values[3] = f64::INFINITY;
    odd[50].values[2] = 1e30;
    let mut nothing = rows(3, 1);
    for row in &mut nothing {
        row.values[..4].fill(f64::NAN);
    }
    let mut late = rows(2, 1);
    late[0].epoch = u64::MAX - 1;
    late[1].epoch = u64::MAX;
    late[1].step = u64::MAX;
    for rows in [vec![], rows(1, 1), rows(2, 1), odd, nothing, late] {
        let bytes = png(TITLE, &columns(), &rows).unwrap();
        let info = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap().info().clone();
        assert_eq!((info.width, info.height), (1920, 1280));
        assert!(
            svg(TITLE, &columns(), &rows)
                .unwrap()
                .contains("width=\"960\" height=\"640\" viewBox=\"0 0 15360 10240\"")
        );
    }
}

#[test]
fn equal_rows_give_equal_bytes() {
    let rows = rows(500, 10);
    assert_eq!(png(TITLE, &columns(), &rows).unwrap(), png(TITLE, &columns(), &rows).unwrap());
    assert_eq!(svg(TITLE, &columns(), &rows).unwrap(), svg(TITLE, &columns(), &rows).unwrap());
    let mut other = rows.clone();
    other[250].values[1] += 1.0;
    assert_ne!(png(TITLE, &columns(), &rows).unwrap(), png(TITLE, &columns(), &other).unwrap());
}

#[test]
fn the_svg_is_xml_and_names_everything() {
    let text = svg(TITLE, &columns(), &rows(60, 1)).unwrap();
    for wanted in [
        "d_loss",
        "g_loss",
        "d_real",
        "d_fake",
        ">\nepoch (600 steps in all)",
        "&lt;fashion&gt; &amp; &quot;",
        "font-family=\"sans-serif\"",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert!(!text.contains("NaN") && !text.chars().any(|c| c.is_control() && c != '\n'));
    // Every tag is closed, in order.
    let mut open = Vec::new();
    for tag in text.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split([' ', '\n']).next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') && !tag.starts_with(['?', '!']) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_svg_of_a_long_run_is_small() {
    let text = svg(TITLE, &columns(), &rows(100_000, 100)).unwrap();
    assert!(text.len() < 300_000, "{} bytes", text.len());
    assert!(text.contains("step (generator updates; 1000 epochs)"));
}

#[test]
fn curves_lie_where_their_values_are() {
    // One row, losses 0 and 2 on an axis from 0 to 2 or a little more: two dots in the middle of the panel's width.
    let mut row = rows(1, 1).remove(0);
    row.values[..4].copy_from_slice(&[0.0, 2.0, 1.0, 0.0]);
    let (width, height) = (SIZE.0 * SCALE, SIZE.1 * SCALE);
    let mut canvas = Canvas::new(width as usize, height as usize, palette::PAPER);
    draw((&mut canvas).into_drawing_area(), TITLE, &columns(), &[row]).unwrap();
    let x = (SIDES.0 + SIDES.1) as usize;
    let color = |color: RGBColor| [color.0, color.1, color.2];
    let rows_of = |wanted: RGBColor| {
        let has = |y: &usize| canvas.pixel(x, *y) == color(wanted);
        (0..height as usize).filter(has).collect::<Vec<_>>()
    };
    let (d_loss, g_loss) = (rows_of(palette::BLUE), rows_of(palette::VERMILLION));
    assert!(d_loss.len() > 10 && g_loss.len() > 10);
    assert!(g_loss[0] < d_loss[0] && g_loss[0] >= 2 * UPPER.top as usize - 10);
    let middle = |rows: &[usize]| (rows[0] + rows[rows.len() - 1]) / 2;
    let near = |place: usize, expected: i32| place.abs_diff(2 * expected as usize) <= 2;
    assert!(near(middle(&rows_of(palette::GREEN)), LOWER.top));
    assert!(near(middle(&rows_of(palette::PURPLE)), LOWER.bottom));
}

/// Each learner's file finds its own panels, also with a column more.
#[test]
fn the_panels_are_those_of_the_learner() {
    let text = |names: &[&'static str]| {
        let columns = Columns::new(names.iter().copied());
        let row =
            MetricsRow { columns: columns.clone(), values: vec![0.5; names.len()], ..rows(1, 1).remove(0) };
        let all = [row.clone(), MetricsRow { step: 20, ..row }];
        svg(TITLE, &columns, &all).unwrap()
    };
    let names = |columns: &[crate::config::columns::Column]| -> Vec<&'static str> {
        columns.iter().map(|column| column.name).collect()
    };
    use crate::config::columns::{BEGAN, CLASSIFIER, GAN, VAE};
    let gan = text(&[&names(&GAN)[..], &["d_penalty"]].concat());
    assert!(gan.contains("d_fake, D of generated") && gan.contains("generator updates"));
    let began = text(&[&names(&BEGAN)[..], &["modes", "high_quality"]].concat());
    assert!(
        began.contains("real_error, of real") && began.contains("convergence") && !began.contains("d_fake")
    );
    let classifier = text(&names(&CLASSIFIER));
    assert!(classifier.contains("test_accuracy") && !classifier.contains("d_loss"));
    let vae = text(&names(&VAE));
    assert!(vae.contains("test_elbo") && vae.contains("−reconstruction") && vae.contains("kl, training"));
}
