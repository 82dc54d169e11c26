//! Bags: tote, handbag, clutch, satchel and dome.

use super::canvas::{Canvas, Mode, Vertex, arch};
use super::fabric::{Fabric, Pattern};
use crate::data::dice::Dice;

/// A bag's body: half widths at top and bottom, upper and lower edge, in pixels.
#[derive(Clone, Copy)]
struct Body {
    above: f32,
    below: f32,
    top: f32,
    bottom: f32,
    round: f32,
}

impl Body {
    fn outline(&self) -> [Vertex; 4] {
        [
            (14.0 - self.above, self.top, self.round),
            (14.0 + self.above, self.top, self.round),
            (14.0 + self.below, self.bottom, self.round * 0.8),
            (14.0 - self.below, self.bottom, self.round * 0.8),
        ]
    }

    /// The height at `part` of the way down.
    fn down(&self, part: f32) -> f32 {
        self.top + (self.bottom - self.top) * part
    }
}

pub(super) fn bag(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = match dice.below(14) {
        0..=9 => Pattern::Plain,
        10 => Pattern::Patches { size: dice.between(1.5, 3.0), share: 0.45 },
        11 => Pattern::Check { period: dice.between(3.0, 4.5) },
        12 => Pattern::Stripes { period: dice.between(3.0, 5.0), share: 0.4, upright: dice.chance(0.5) },
        _ => Pattern::Block { level: dice.between(15.0, 19.0) },
    };
    let fabric = Fabric::draw(dice, pattern);
    match dice.below(10) {
        0..=2 => tote(canvas, &fabric, dice),
        3 | 4 => handbag(canvas, &fabric, dice),
        5 | 6 => clutch(canvas, &fabric, dice),
        7 | 8 => satchel(canvas, &fabric, dice),
        _ => dome(canvas, &fabric, dice),
    }
}

/// Fills the body and darkens its lower edge and seams.
fn draw_body(canvas: &mut Canvas, body: &Body, fabric: &Fabric, dice: &mut Dice) {
    canvas.fill(Mode::Over, &body.outline(), |x, y| fabric.at(x, y));
    let seam = fabric.tone * 0.5;
    if dice.chance(0.5) {
        let y = body.down(dice.between(0.68, 0.85));
        let base = [(0.0, y, 0.0), (28.0, y, 0.0), (28.0, 28.0, 0.0), (0.0, 28.0, 0.0)];
        canvas.tint(&base, fabric.contrast(dice.between(0.1, 0.35)), 0.8);
        canvas.line(&[(0.0, y), (28.0, y)], 0.6, seam, 0.7);
    }
    canvas.line(&[(14.0 - body.below, body.bottom), (14.0 + body.below, body.bottom)], 1.4, seam, 0.6);
}

/// A handle over the bag, from x = 14 − `half` to 14 + `half`, `rise` pixels high.
fn handle(canvas: &mut Canvas, from: f32, half: f32, rise: f32, width: f32, tone: f32) {
    let peak = from - rise * 1.33;
    let line =
        arch((14.0 - half, from), (14.0 - half * 0.9, peak), (14.0 + half * 0.9, peak), (14.0 + half, from));
    canvas.strap(&line, (width, width), tone);
}

fn clasp(canvas: &mut Canvas, y: f32, fabric: &Fabric, dice: &mut Dice) {
    let half = dice.between(0.2, 1.1);
    canvas.line(&[(14.0 - half, y), (14.0 + half, y)], 1.7, fabric.tone * 0.3, 0.8);
    canvas.line(&[(14.0 - half, y), (14.0 + half, y)], 0.9, fabric.contrast(0.7).max(0.5), 0.9);
}

fn tote(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let body = Body {
        above: dice.between(8.0, 12.2),
        below: dice.between(7.5, 10.5),
        top: dice.between(10.5, 13.5),
        bottom: dice.between(25.6, 27.0),
        round: dice.between(0.0, 0.2),
    };
    let (half, width) = (body.above * dice.between(0.42, 0.6), dice.between(0.9, 1.5));
    let rise = body.top - dice.between(1.4, 4.0);
    let tone = fabric.contrast(dice.between(0.0, 0.35)).max(0.25);
    handle(canvas, body.top + 0.4, half * 0.86, rise * 0.9, width, tone * 0.6);
    draw_body(canvas, &body, fabric, dice);
    handle(canvas, body.top + 1.4, half, rise + 1.0, width, tone);
    for side in [-1.0, 1.0] {
        // Where the handles are sewn on.
        let tab =
            [(14.0 + side * half, body.top + 0.8), (14.0 + side * half, body.top + dice.between(2.5, 5.0))];
        canvas.line(&tab, width + 0.3, tone * 0.75, 0.9);
    }
    canvas.line(&[(0.0, body.top + 0.5), (28.0, body.top + 0.5)], 0.8, fabric.tone * 0.5, 0.6);
    if dice.chance(0.4) {
        let (reach, y) = (dice.between(1.5, 3.5), body.down(0.5));
        let badge = [
            (14.0 - reach, y - 1.5, 0.3),
            (14.0 + reach, y - 1.5, 0.3),
            (14.0 + reach, y + 1.5, 0.3),
            (14.0 - reach, y + 1.5, 0.3),
        ];
        canvas.tint(&badge, fabric.contrast(0.5), 0.85);
    }
}

fn handbag(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let body = Body {
        above: dice.between(8.0, 10.5),
        below: dice.between(10.5, 13.0),
        top: dice.between(9.5, 12.0),
        bottom: dice.between(24.0, 26.5),
        round: dice.between(0.15, 0.4),
    };
    let tone = fabric.contrast(dice.between(0.0, 0.3)).max(0.25);
    handle(
        canvas,
        body.top + 0.6,
        dice.between(3.5, 5.5),
        body.top - dice.between(1.6, 4.0),
        dice.between(1.2, 1.9),
        tone,
    );
    draw_body(canvas, &body, fabric, dice);
    let y = body.top + dice.between(1.6, 3.2);
    canvas.line(&[(0.0, y), (28.0, y)], 0.7, fabric.tone * 0.45, 0.8);
    clasp(canvas, y + 0.3, fabric, dice);
    if dice.chance(0.5) {
        for side in [-1.0, 1.0] {
            let fold =
                [(14.0 + side * body.above * 0.75, body.top), (14.0 + side * body.below * 0.8, body.bottom)];
            canvas.stroke(Mode::Inside, &fold, (0.6, 0.9), fabric.tone * 0.6, 0.7);
        }
    }
}

fn clutch(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let body = Body {
        above: dice.between(11.5, 13.2),
        below: dice.between(11.5, 13.2),
        top: dice.between(6.5, 9.5),
        bottom: dice.between(19.5, 23.0),
        round: dice.between(0.05, 0.25),
    };
    if dice.chance(0.35) {
        // A thin chain over the top.
        handle(
            canvas,
            body.top + 0.5,
            body.above * 0.8,
            body.top - dice.between(1.5, 4.0),
            0.8,
            fabric.contrast(0.2).max(0.4),
        );
    }
    draw_body(canvas, &body, fabric, dice);
    flap(canvas, &body, fabric, dice);
}

/// A flap over the upper part: straight, pointed like an envelope, or round.
fn flap(canvas: &mut Canvas, body: &Body, fabric: &Fabric, dice: &mut Dice) {
    let (side, middle) = match dice.below(3) {
        0 => (0.5, 0.5),
        1 => (0.1, 0.65),
        _ => (0.35, 0.6),
    };
    let cloth = fabric.plain(if dice.chance(0.3) { fabric.second } else { (fabric.tone * 1.08).min(1.0) });
    let (low, tip) = (body.down(side), body.down(middle));
    let outline = [
        (14.0 - body.above, body.top, body.round),
        (14.0 + body.above, body.top, body.round),
        (14.0 + body.above, low, 0.1),
        (14.0, tip + 0.3, 0.35),
        (14.0 - body.above, low, 0.1),
    ];
    if fabric.pattern == Pattern::Plain {
        canvas.fill(Mode::Inside, &outline, |x, y| cloth.at(x, y));
    }
    let edge = [(14.0 - body.above, low), (14.0, tip), (14.0 + body.above, low)];
    canvas.line(&edge, 0.9, fabric.tone * 0.4, 0.85);
    clasp(canvas, tip - 0.8, fabric, dice);
}

fn satchel(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let body = Body {
        above: dice.between(9.0, 11.5),
        below: dice.between(9.5, 12.0),
        top: dice.between(8.5, 11.0),
        bottom: dice.between(22.5, 25.5),
        round: dice.between(0.15, 0.35),
    };
    let (tone, width) = (fabric.contrast(dice.between(0.0, 0.35)).max(0.25), dice.between(0.9, 1.5));
    // The shoulder strap falls down both sides.
    let (lift, bow) = (dice.between(2.0, 5.5), dice.between(1.0, 2.2));
    for side in [-1.0, 1.0] {
        let at = |x: f32| 14.0 + side * x;
        let line = arch(
            (at(body.above - 2.0), body.top + 0.3),
            (at(body.above - 0.5), body.top - lift),
            (at(body.below + bow), body.top - 1.0),
            (at(body.below + 0.8), body.down(0.75)),
        );
        canvas.strap(&line, (width, width), tone);
    }
    draw_body(canvas, &body, fabric, dice);
    flap(canvas, &body, fabric, dice);
    if dice.chance(0.4) {
        for x in [-5.0, 5.0] {
            canvas.line(&[(14.0 + x, body.top), (14.0 + x, body.down(0.7))], 1.4, fabric.contrast(0.3), 0.85);
        }
    }
}

fn dome(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let (half, top, bottom) = (dice.between(10.5, 12.8), dice.between(7.5, 9.5), dice.between(23.0, 25.0));
    let tone = fabric.contrast(dice.between(0.0, 0.3)).max(0.25);
    handle(
        canvas,
        top + 2.0,
        dice.between(4.0, 6.0),
        top - dice.between(0.5, 2.0),
        dice.between(1.0, 1.6),
        tone,
    );
    let outline = [
        (14.0 - half, bottom, 0.15),
        (14.0 - half * 1.02, 0.5 * (top + bottom), 0.6),
        (14.0 - half * 0.75, top, 0.8),
        (14.0 + half * 0.75, top, 0.8),
        (14.0 + half * 1.02, 0.5 * (top + bottom), 0.6),
        (14.0 + half, bottom, 0.15),
    ];
    canvas.fill(Mode::Over, &outline, |x, y| fabric.at(x, y));
    let zip = arch(
        (14.0 - half + 1.6, bottom - 2.0),
        (14.0 - half + 0.5, top + 0.5),
        (14.0 + half - 0.5, top + 0.5),
        (14.0 + half - 1.6, bottom - 2.0),
    );
    canvas.line(&zip, 0.8, fabric.tone * 0.45, 0.8);
    canvas.line(&[(0.0, bottom - 1.0), (28.0, bottom - 1.0)], 1.6, fabric.contrast(0.3), 0.7);
    clasp(canvas, 0.5 * (top + bottom) + 1.0, fabric, dice);
}
