//! Angles, in radians.

use std::f64::consts::PI;

use super::super::arithmetic::{Arithmetic, Outcome};
use super::super::mistake::Failure;
use super::super::number::Number;

/// Of larger angles nothing is known any more.
const MAX_NOISE: f64 = 1e-9;

pub(super) fn sin(_: &mut Arithmetic, angle: &Number) -> Outcome {
    turned(angle, f64::sin)
}

pub(super) fn cos(_: &mut Arithmetic, angle: &Number) -> Outcome {
    turned(angle, f64::cos)
}

pub(super) fn tan(_: &mut Arithmetic, angle: &Number) -> Outcome {
    if turned(angle, f64::cos)?.is_zero() {
        return Err(Failure::new("there is no tangent of that angle").hint("it is an odd multiple of pi/2"));
    }
    turned(angle, f64::tan)
}

pub(super) fn asin(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::float(from_minus_one_to_one(number)?.asin())
}

pub(super) fn acos(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::float(from_minus_one_to_one(number)?.acos())
}

pub(super) fn atan(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::float(number.to_float()?.atan())
}

/// The angle of the point (x, y); y comes first, as everywhere.
pub(super) fn atan2(_: &mut Arithmetic, y: &Number, x: &Number) -> Outcome {
    Number::float(y.to_float()?.atan2(x.to_float()?))
}

pub(super) fn sinh(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::float(number.to_float()?.sinh())
}

pub(super) fn cosh(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::float(number.to_float()?.cosh())
}

pub(super) fn tanh(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::float(number.to_float()?.tanh())
}

/// Radians in degrees.
pub(super) fn deg(arithmetic: &mut Arithmetic, radians: &Number) -> Outcome {
    let half_turns = arithmetic.divide(radians, &Number::Float(PI))?;
    arithmetic.multiply(&half_turns, &Number::whole(180))
}

/// Degrees in radians.
pub(super) fn rad(arithmetic: &mut Arithmetic, degrees: &Number) -> Outcome {
    let half_turns = arithmetic.divide(degrees, &Number::whole(180))?;
    arithmetic.multiply(&half_turns, &Number::Float(PI))
}

/// A function of an angle. What is no larger than what the rounding of its angle makes of it is zero:
/// `sin(pi)` is.
fn turned(angle: &Number, run: fn(f64) -> f64) -> Outcome {
    let radians = angle.to_float()?;
    let value = run(radians);
    let noise = radians.abs() * f64::EPSILON;
    let is_noise = matches!(angle, Number::Float(_)) && noise <= MAX_NOISE && value.abs() <= noise;
    Number::float(if is_noise { 0.0 } else { value })
}

/// Also what rounding has put a little outside.
fn from_minus_one_to_one(number: &Number) -> Result<f64, Failure> {
    let float = number.to_float()?;
    if float.abs() > 1.0 + 4.0 * f64::EPSILON {
        return Err(Failure::new("there is no angle with that sine or cosine").hint("they go from -1 to 1"));
    }
    Ok(float.clamp(-1.0, 1.0))
}
