//! Sandals: flat, sporty, with a wedge or a high heel, seen from the side with the toe to the left.

use super::canvas::{Canvas, Mode, Point, arch, curve};
use super::fabric::{Fabric, Pattern};
use crate::data::dice::Dice;

pub(super) fn sandal(canvas: &mut Canvas, dice: &mut Dice) {
    let mut fabric = Fabric::draw(dice, Pattern::Plain);
    // Straps are thin: dark ones would vanish on black.
    fabric.tone = fabric.tone.max(0.45);
    match dice.below(10) {
        0..=2 => flat(canvas, &fabric, dice),
        3 | 4 => sporty(canvas, &fabric, dice),
        5 | 6 => wedge(canvas, &fabric, dice),
        _ => heeled(canvas, &fabric, dice),
    }
}

/// A thin sole with a few straps over the foot.
fn flat(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let (ground, thickness) = (dice.between(19.0, 20.5), dice.between(1.1, 2.2));
    let sole_tone = fabric.contrast(dice.between(0.0, 0.5)).max(0.2);
    let sole = [
        (0.8, ground - thickness, 0.5),
        (14.0, ground - thickness + 0.2, 0.5),
        (27.2, ground - thickness - 0.4, 0.5),
        (26.8, ground, 0.6),
        (2.0, ground, 0.7),
    ];
    canvas.fill(Mode::Over, &sole, |_, _| sole_tone);
    let floor = ground - thickness + 0.3;
    let width = dice.between(1.1, 2.0);
    let peak = floor - dice.between(5.0, 8.0);
    let straps = 1 + dice.below(2);
    for index in 0..straps {
        let x = 5.5 + 4.0 * index as f32 + dice.between(-0.6, 0.6);
        let over = arch((x - 2.0, floor), (x, peak + 1.0), (x + 4.0, peak), (x + 6.5, floor));
        canvas.strap(&over, (width, width), fabric.tone);
    }
    if dice.chance(0.7) {
        // Around the heel, and along the side to meet it.
        let ankle = peak - dice.between(0.5, 2.5);
        canvas.strap(
            &curve((25.4, floor), (27.4, 0.5 * (ankle + floor)), (24.6, ankle)),
            (width, width * 0.8),
            fabric.tone,
        );
        canvas.strap(
            &curve((24.6, ankle), (18.5, ankle - 1.5), (13.5, peak + 2.2)),
            (width * 0.8, width),
            fabric.tone * 0.9,
        );
    }
    if dice.chance(0.4) {
        canvas.strap(&[(10.4, peak + 2.6), (10.8, peak + 2.6)], (2.6, 2.6), (fabric.contrast(0.5)).max(0.3));
    }
}

/// A thick moulded sole with broad straps.
fn sporty(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let (ground, thickness) = (dice.between(21.0, 22.5), dice.between(2.6, 3.6));
    let sole_tone = fabric.contrast(dice.between(0.15, 0.5)).max(0.18);
    let floor = ground - thickness;
    let sole = [
        (0.6, floor - 0.8, 0.6),
        (12.0, floor + 0.4, 0.8),
        (27.2, floor - 0.8, 0.4),
        (26.8, ground, 0.4),
        (2.6, ground, 0.6),
    ];
    canvas.fill(Mode::Over, &sole, |_, _| sole_tone);
    canvas.line(&[(1.0, ground - 0.9), (27.0, ground - 0.9)], 0.8, sole_tone * 0.5, 0.8);
    let (width, top) = (dice.between(1.6, 2.4), floor - dice.between(7.5, 9.5));
    let (tone, reach) = (fabric.tone, dice.between(4.6, 6.0));
    // A broad band over the toes, open in front.
    let band = [
        (4.0, floor + 0.5, 0.0),
        (6.4, floor - reach, 0.6),
        (11.0, floor - reach - 1.2, 0.5),
        (13.0, floor - reach - 0.6, 0.3),
        (10.6, floor + 0.5, 0.4),
    ];
    canvas.fill(Mode::Over, &band, |x, y| fabric.at(x, y));
    if dice.chance(0.7) {
        let split = curve((6.6, floor), (8.0, floor - 3.5), (10.6, floor - reach - 1.0));
        canvas.line(&split, 0.9, tone * 0.2, 0.9);
    }
    let link = curve((11.5, floor - reach - 0.3), (15.0, floor - reach - 1.0), (18.6, top + 0.4));
    canvas.strap(&link, (width * 0.8, width), tone * 0.95);
    let riser = curve((17.0, floor + 0.2), (19.0, floor - 3.0), (19.4, top + 0.6));
    canvas.strap(&riser, (width, width * 0.8), tone * 0.85);
    let cup = [(23.6, floor, 0.0), (24.2, top + 1.0, 0.6), (26.4, top, 0.5), (27.0, floor, 0.3)];
    canvas.fill(Mode::Over, &cup, |x, y| 0.9 * fabric.at(x, y));
    let ankle = curve((18.4, top + 0.4), (22.0, top - 0.8), (25.6, top + 0.8));
    canvas.strap(&ankle, (width, width), tone);
}

/// A wedge from toe to heel.
fn wedge(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let (ground, height) = (dice.between(24.0, 25.5), dice.between(6.0, 9.5));
    let sole_tone = fabric.contrast(dice.between(0.15, 0.45)).max(0.2);
    let cork = fabric.plain(sole_tone);
    let (toe, heel) = (ground - dice.between(1.4, 3.0), ground - height);
    let sole = [
        (1.0, toe, 0.5),
        (9.5, toe - 0.2, 0.8),
        (18.5, heel + 0.6, 0.7),
        (26.4, heel, 0.2),
        (25.8, ground, 0.2),
        (2.0, ground, 0.5),
    ];
    canvas.fill(Mode::Over, &sole, |x, y| cork.at(x, y));
    for index in 1..1 + dice.below(4) {
        let y = ground - 1.7 * index as f32;
        canvas.line(&[(8.0 + 2.0 * index as f32, y), (26.5, y)], 0.6, sole_tone * 0.5, 0.6);
    }
    let width = dice.between(1.5, 2.6);
    let over = arch((3.0, toe + 0.2), (4.0, toe - 6.0), (9.5, toe - 7.0), (11.5, toe - 0.6));
    canvas.strap(&over, (width, width), fabric.tone);
    around_ankle(
        canvas,
        fabric,
        (20.0, heel + 0.5),
        (25.6, heel + 0.3),
        heel - dice.between(6.0, 8.5),
        width * 0.7,
    );
    canvas.strap(
        &curve((9.5, toe - 4.6), (15.0, toe - 7.0), (20.3, heel - 5.0)),
        (width * 0.6, width * 0.6),
        fabric.tone * 0.9,
    );
}

/// A high thin heel.
fn heeled(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let (ground, height) = (dice.between(25.4, 26.6), dice.between(8.0, 12.0));
    let (tone, heel) = (fabric.tone, ground - height);
    let width = dice.between(1.1, 1.9);
    let platform = if dice.chance(0.3) { dice.between(1.2, 2.2) } else { 0.0 };
    let sole = arch(
        (1.4, ground - 0.6 - platform),
        (13.0, ground + 0.8 - platform),
        (13.0, heel + 2.0),
        (24.6, heel),
    );
    canvas.strap(&sole, (1.6, 2.4), tone);
    if platform > 0.0 {
        let block = [
            (1.0, ground - platform - 0.6, 0.3),
            (11.0, ground - platform - 0.6, 0.5),
            (10.0, ground, 0.3),
            (1.6, ground, 0.5),
        ];
        canvas.fill(Mode::Over, &block, |_, _| 0.8 * tone);
    }
    let foot = dice.between(0.7, 2.2);
    let spike = [
        (22.0, heel - 0.4, 0.2),
        (25.8, heel - 0.6, 0.3),
        (25.4, ground, 0.0),
        (25.4 - foot, ground, 0.0),
        (23.8, heel + 4.0, 0.8),
    ];
    canvas.fill(Mode::Over, &spike, |_, _| 0.92 * tone);
    let toe = ground - 0.8 - platform;
    for index in 0..1 + dice.below(3) {
        let x = 3.4 + 2.4 * index as f32;
        let lift = 0.35 * index as f32;
        let over = curve((x - 0.6, toe), (x + 1.4, toe - 5.5 - lift), (x + 4.2, toe - 0.4 - 1.2 * lift));
        canvas.strap(&over, (width, width), tone);
    }
    around_ankle(
        canvas,
        fabric,
        (21.0, heel + 0.6),
        (25.0, heel - 0.2),
        heel - dice.between(5.5, 8.5),
        width,
    );
    if dice.chance(0.5) {
        let joins = curve((8.0, toe - 2.6), (13.0, toe - 6.0), (20.2, heel - 4.5));
        canvas.strap(&joins, (width, width), tone);
    }
}

/// A strap up from the heel and around the ankle at height `top`.
fn around_ankle(canvas: &mut Canvas, fabric: &Fabric, front: Point, back: Point, top: f32, width: f32) {
    let top = top.max(1.5);
    canvas.strap(
        &curve(back, (back.0 + 1.0, 0.5 * (back.1 + top)), (back.0 - 0.4, top)),
        (width, width),
        fabric.tone,
    );
    canvas.strap(
        &curve(front, (front.0 - 1.0, 0.5 * (front.1 + top)), (front.0 - 0.8, top + 0.8)),
        (width * 0.8, width * 0.8),
        fabric.tone * 0.85,
    );
    canvas.strap(
        &curve((front.0 - 1.0, top + 0.8), (0.5 * (front.0 + back.0), top - 0.8), (back.0 - 0.2, top)),
        (width * 1.2, width * 1.2),
        fabric.tone,
    );
}
