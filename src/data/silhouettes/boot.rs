//! Ankle boots, seen from the side with the toe to the left.

use super::canvas::{Canvas, Mode, Point, curve};
use super::fabric::{Fabric, Pattern};
use crate::data::dice::Dice;

pub(super) fn ankle_boot(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = if dice.chance(0.1) { Pattern::Patches { size: 1.8, share: 0.4 } } else { Pattern::Plain };
    let fabric = Fabric::draw(dice, pattern);
    let style = dice.below(5); // 0, 1: flat; 2, 3: block heel; 4: high heel
    let heel = match style {
        0 | 1 => dice.between(0.6, 1.6),
        2 | 3 => dice.between(2.6, 5.0),
        _ => dice.between(5.5, 8.0),
    };
    let thickness = if style < 2 { dice.between(1.2, 2.2) } else { dice.between(0.8, 1.4) };
    let ground = dice.between(25.2, 26.4);
    let top = if style < 2 { dice.between(4.5, 8.0) } else { dice.between(1.0, 4.5) };
    let (front, back) = (dice.between(12.5, 14.5), dice.between(24.2, 26.2));
    let heel_floor = ground - thickness - heel;
    let instep = heel_floor - dice.between(6.5, 8.0);
    let toe_tip = dice.between(0.8, 2.0);
    let floor = ground - thickness;
    let narrow = dice.between(0.4, 1.8);
    let upper = [
        (toe_tip, floor, 0.4),
        (toe_tip, floor - dice.between(2.6, 3.6), 0.9),
        (6.0, floor - dice.between(4.2, 5.4) - 0.15 * heel, 0.9),
        (11.5, (0.5 * (floor - 5.0) + 0.5 * instep).min(floor - 6.5), 0.9),
        (front + 0.8, instep - 0.6, 0.9),
        (front + dice.between(-0.8, 0.2), top + 0.3, 0.2),
        (back, top - dice.between(-0.4, 0.8), 0.2),
        (back - narrow, instep, 0.9),
        (back + 0.6, heel_floor - 2.0, 0.9),
        (back + 0.1, heel_floor + 0.4, 0.2),
        (17.5, heel_floor + 0.3, 0.4),
        (11.5, floor, 0.7),
    ];
    canvas.fill(Mode::Over, &upper, |x, y| fabric.at(x, y));
    // A soft bright ridge along the vamp and a fold at the ankle.
    let ridge =
        curve((5.0, ground - thickness - 2.8), (11.0, ground - thickness - 4.5), (front + 2.5, top + 3.0));
    canvas.stroke(Mode::Inside, &ridge, (1.6, 2.4), (fabric.tone * 1.3).min(1.0), dice.between(0.15, 0.45));
    let fold = curve((front, instep + 0.6), (front + 4.0, instep + 2.2), (back - 2.5, instep + 1.4));
    canvas.stroke(Mode::Inside, &fold, (0.8, 0.5), fabric.tone * 0.55, dice.between(0.2, 0.6));
    boot_details(canvas, &fabric, (front, back), (top, instep), dice);

    sole_and_heel(
        canvas,
        &fabric,
        &Floor { ground, heel_floor, thickness, toe_tip, back, stiletto: style == 4 },
        dice,
    );
}

/// Where a boot stands.
struct Floor {
    ground: f32,
    heel_floor: f32,
    thickness: f32,
    toe_tip: f32,
    back: f32,
    stiletto: bool,
}

fn sole_and_heel(canvas: &mut Canvas, fabric: &Fabric, floor: &Floor, dice: &mut Dice) {
    let &Floor { ground, heel_floor, thickness, toe_tip, back, stiletto } = floor;
    let tone = if dice.chance(0.5) { fabric.tone * 0.45 } else { fabric.contrast(dice.between(0.25, 0.6)) }
        .max(0.16);
    let sole = [
        (toe_tip - 0.3, ground - thickness - 0.3, 0.3),
        (11.5, ground - thickness - 0.3, 0.8),
        (17.5, heel_floor, 0.5),
        (back + 0.3, heel_floor, 0.1),
        (back + 0.2, heel_floor + thickness, 0.1),
        (17.8, heel_floor + thickness, 0.5),
        (11.8, ground, 0.6),
        (toe_tip + 0.2, ground, 0.4),
    ];
    canvas.fill(Mode::Over, &sole, |_, _| tone);
    let foot = if stiletto { dice.between(0.8, 1.4) } else { dice.between(3.6, 5.2) };
    let block = [
        (back - if stiletto { 3.6 } else { 6.2 }, heel_floor, 0.2),
        (back + 0.3, heel_floor, 0.0),
        (back - 0.1, ground, 0.1),
        (back - 0.1 - foot, ground, 0.1),
    ];
    canvas.fill(Mode::Over, &block, |x, y| {
        tone * (1.0 - 0.02 * (x - 20.0)) * if y < heel_floor + 0.6 { 0.8 } else { 1.0 }
    });
}

/// Elastic gore, zip, laces, buckle strap or a turned cuff.
fn boot_details(
    canvas: &mut Canvas,
    fabric: &Fabric,
    (front, back): Point,
    (top, instep): Point,
    dice: &mut Dice,
) {
    let (dark, other) = (fabric.tone * 0.4, fabric.contrast(dice.between(0.3, 0.6)));
    let middle = 0.5 * (front + back);
    match dice.below(6) {
        0 | 1 => {
            let gore = [
                (middle - 2.6, top - 1.0, 0.0),
                (middle + 2.0, top - 1.0, 0.0),
                (middle + 0.8, instep + 1.2, 0.5),
                (middle - 1.4, instep + 1.2, 0.5),
            ];
            canvas.tint(&gore, other, 0.85);
            for x in [-1.2, 0.4] {
                canvas.line(&[(middle + x, top), (middle + x * 0.6, instep + 0.8)], 0.5, dark, 0.5);
            }
        }
        2 => canvas.line(&[(middle + 1.5, top), (middle + 0.5, instep + 4.0)], 0.9, other, 0.85),
        3 => {
            for index in 0..4 {
                let y = top + 1.4 + (instep - top) * 0.3 * index as f32;
                canvas.line(&[(front - 1.0, y), (front + 3.0, y + 1.0)], 0.9, other, 0.9);
            }
            canvas.line(&[(front + 3.2, top), (front + 2.8, instep + 1.0)], 0.6, dark, 0.7);
        }
        4 => {
            let y = instep - dice.between(0.0, 2.0);
            canvas.line(&[(front - 2.0, y + 1.2), (back + 2.0, y)], 1.5, dark, 0.85);
            canvas.line(&[(middle, y + 0.6), (middle + 0.6, y + 0.5)], 1.8, 0.95, 0.9);
        }
        _ => {
            let cuff = [(0.0, 0.0, 0.0), (28.0, 0.0, 0.0), (28.0, top + 2.6, 0.0), (0.0, top + 2.9, 0.0)];
            canvas.tint(&cuff, other, 0.8);
        }
    }
    if dice.chance(0.3) {
        // A pull tab at the back.
        canvas.strap(&[(back - 0.6, top + 0.6), (back - 0.2, top - 1.0)], (1.2, 1.2), dark.max(0.2));
    }
}
