//! What T-shirt, pullover, coat, shirt and dress have in common: body, neck and sleeves.

use super::canvas::{Canvas, Mode, Vertex, curve, mirrored, on_side};
use super::fabric::{Fabric, Pattern};
use crate::data::dice::Dice;

/// The cut of an upper garment. Half widths are measured from the middle line x = 14; everything is in pixels.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) top: f32,
    pub(super) neck: f32,
    pub(super) neck_depth: f32,
    /// A V neck; else a round one.
    pub(super) pointed: bool,
    pub(super) shoulder: f32,
    pub(super) drop: f32,
    pub(super) armpit: f32,
    pub(super) chest: f32,
    pub(super) waist: f32,
    pub(super) waist_at: f32,
    pub(super) hem: f32,
    pub(super) hem_at: f32,
    /// How far the hem's middle hangs below its sides.
    pub(super) hem_curve: f32,
    pub(super) sleeve: Sleeve,
}

/// How an arm is covered.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sleeve {
    None,
    /// Ends at half width `reach` and height `end`; `width` is that of its opening.
    Short {
        reach: f32,
        end: f32,
        width: f32,
    },
    /// Hangs beside the body down to `end`, `reach` being the cuff's outer half width.
    Long {
        reach: f32,
        end: f32,
        width: f32,
    },
}

/// Sleeves, body and neck opening.
pub(super) fn body(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric, dice: &mut Dice) {
    let sleeve_fabric = match cut.sleeve {
        Sleeve::None => None,
        // Sleeves in another tone now and then: raglan shirts, college jackets.
        _ if fabric.pattern == Pattern::Plain && dice.chance(0.1) => Some(fabric.plain(fabric.second)),
        _ => Some(fabric.clone()),
    };
    if let Some(cloth) = sleeve_fabric {
        let shade = dice.between(0.86, 1.0);
        for side in [-1.0, 1.0] {
            canvas.fill(Mode::Over, &sleeve(cut, side), |x, y| shade * cloth.at(x, y));
        }
    }
    let outline = mirrored(
        &[
            (cut.neck, cut.top, 0.1),
            (cut.shoulder, cut.top + cut.drop, 0.25),
            (cut.chest, cut.armpit, 0.5),
            (cut.waist, cut.waist_at, 0.9),
            (cut.hem, cut.hem_at, 0.2),
            (cut.hem * 0.5, cut.hem_at + cut.hem_curve, 1.0),
        ]
        .map(|(x, y, round)| (14.0 + x, y, round)),
    );
    canvas.fill(Mode::Over, &outline, |x, y| fabric.at(x, y));
    arm_seams(canvas, cut, fabric);
    neck(canvas, cut, fabric, dice);
}

fn sleeve(cut: &Cut, side: f32) -> [Vertex; 6] {
    let (top, inside) = (cut.top + cut.drop, cut.chest - 1.0);
    let outline = match cut.sleeve {
        Sleeve::None => [(0.0, 0.0, 0.0); 6],
        Sleeve::Short { reach, end, width } => [
            (cut.shoulder - 2.5, top - 0.7, 0.0),
            (cut.shoulder + 0.2, top - 0.1, 0.6),
            (reach, end - 0.8, 0.15),
            (reach - width, end + 0.7, 0.1),
            (cut.chest, cut.armpit + 0.3, 0.3),
            (inside, cut.armpit, 0.0),
        ],
        Sleeve::Long { reach, end, width } => [
            (cut.shoulder - 2.5, top - 0.7, 0.0),
            (cut.shoulder + 0.6, top + 0.1, 0.8),
            (0.35 * cut.shoulder + 0.65 * reach, 0.5 * (top + end) - 2.0, 0.8),
            (reach, end, 0.15),
            (reach - width, end + 0.4, 0.15),
            (cut.chest - 0.6, cut.armpit - 0.5, 0.2),
        ],
    };
    on_side(side, outline.map(|(x, y, round)| (14.0 + x, y, round)))
}

/// The line from shoulder to armpit, and the shadow between a hanging sleeve and the body.
fn arm_seams(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric) {
    if cut.sleeve == Sleeve::None {
        return;
    }
    for side in [-1.0, 1.0] {
        let at = |x: f32| 14.0 + side * x;
        let (from, to) = ((at(cut.shoulder - 0.4), cut.top + cut.drop), (at(cut.chest), cut.armpit));
        let seam = curve(from, (at(cut.chest - 0.9), 0.5 * (from.1 + to.1)), to);
        canvas.line(&seam, 0.6, fabric.tone * 0.55, 0.55);
        if let Sleeve::Long { end, .. } = cut.sleeve {
            let under = [to, (at(cut.waist + 0.5), cut.waist_at), (at(cut.hem + 0.3), end)];
            canvas.stroke(Mode::Inside, &under, (0.5, 0.9), 0.06, 0.8);
        }
    }
}

/// The neck's opening, with the inside of the back showing behind it and a band around it.
fn neck(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric, dice: &mut Dice) {
    let (top, bottom) = (cut.top - 0.6, cut.top + cut.neck_depth);
    let round = if cut.pointed { 0.0 } else { 1.0 };
    let opening = mirrored(&[
        (14.0 + cut.neck, top, 0.0),
        (
            14.0 + cut.neck * if cut.pointed { 0.5 } else { 0.98 },
            if cut.pointed { 0.5 * (top + bottom) } else { bottom },
            round,
        ),
        (14.0 + 0.02, bottom, round),
    ]);
    canvas.fill(Mode::Cut, &opening, |_, _| 0.0);
    if dice.chance(0.6) {
        let depth = cut.top + 0.25 * cut.neck_depth;
        let back = mirrored(&[
            (14.0 + cut.neck, cut.top + 0.1, 0.0),
            (14.0 + 0.7 * cut.neck, bottom, 0.8),
            (14.02, bottom, 1.0),
            (14.01, depth, 1.0),
        ]);
        let tone = fabric.tone * dice.between(0.25, 0.5);
        canvas.fill(Mode::Over, &back, |_, _| tone);
    }
    let band = fabric.contrast(dice.between(0.08, 0.35));
    let (left, right) = ((14.0 - cut.neck - 0.2, cut.top + 0.2), (14.0 + cut.neck + 0.2, cut.top + 0.2));
    if cut.pointed {
        canvas.line(&[left, (14.0, bottom + 0.4), right], 0.9, band, 0.8);
    } else {
        let reach = bottom + 0.65 * (bottom - cut.top);
        canvas.line(&curve(left, (14.0, reach + 0.6), right), 0.9, band, 0.8);
    }
}

/// A band along hem and cuffs: ribs or a turned edge.
pub(super) fn edges(canvas: &mut Canvas, cut: &Cut, tone: f32, height: f32, opacity: f32) {
    let hem = [
        (14.0 - cut.hem - 1.0, cut.hem_at - height, 0.0),
        (14.0 + cut.hem + 1.0, cut.hem_at - height, 0.0),
        (14.0 + cut.hem + 1.0, cut.hem_at + 3.0, 0.0),
        (14.0 - cut.hem - 1.0, cut.hem_at + 3.0, 0.0),
    ];
    canvas.tint(&hem, tone, opacity);
    for side in [-1.0, 1.0] {
        match cut.sleeve {
            Sleeve::None => {}
            Sleeve::Short { reach, end, width } => {
                let line =
                    [(14.0 + side * (reach - 0.4), end - 0.9), (14.0 + side * (reach - width), end + 0.3)];
                canvas.line(&line, height * 0.6, tone, opacity);
            }
            Sleeve::Long { reach, end, width } => {
                let cuff = [
                    (reach - width - 0.3, end - height, 0.0),
                    (reach + 1.0, end - height, 0.0),
                    (reach + 1.0, end + 1.5, 0.0),
                    (reach - width - 0.3, end + 1.5, 0.0),
                ];
                canvas.tint(&on_side(side, cuff.map(|(x, y, r)| (14.0 + x, y, r))), tone, opacity);
            }
        }
    }
}

/// A cut with long sleeves that hang beside the body.
pub(super) fn long_sleeved(dice: &mut Dice) -> Cut {
    let shoulder = dice.between(6.0, 7.2);
    let chest = shoulder - dice.between(0.3, 0.9);
    let hem_at = dice.between(25.2, 26.6);
    Cut {
        top: dice.between(1.4, 2.4),
        neck: dice.between(2.4, 3.4),
        neck_depth: dice.between(1.2, 2.4),
        pointed: false,
        shoulder,
        drop: dice.between(1.0, 1.8),
        armpit: dice.between(8.6, 10.2),
        chest,
        waist: chest - dice.between(0.0, 0.6),
        waist_at: dice.between(16.0, 19.0),
        hem: chest + dice.between(-0.3, 0.5),
        hem_at,
        hem_curve: dice.between(-0.2, 0.5),
        sleeve: Sleeve::Long {
            reach: dice.between(11.4, 13.0),
            end: hem_at - dice.between(-0.6, 2.2),
            width: dice.between(2.7, 3.7),
        },
    }
}
