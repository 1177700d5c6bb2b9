//! Logarithm and exponential, computed from additions and multiplications, which IEEE 754 defines to the last bit. The
//! functions of the standard library differ between machines, and with them the decisions of annealing would differ.

const LN_2: f64 = std::f64::consts::LN_2;

/// The natural logarithm of a normal positive number.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    // ln m = 2 artanh((m - 1) / (m + 1)), here with m in [0.7, 1.42].
    let (m, e) = if mantissa > std::f64::consts::SQRT_2 {
        (mantissa * 0.5, exponent + 1)
    } else {
        (mantissa, exponent)
    };
    let z = (m - 1.0) / (m + 1.0);
    let z2 = z * z;
    let mut sum = 0.0;
    for k in (0..8).rev() {
        sum = sum * z2 + 1.0 / f64::from(2 * k + 1);
    }
    2.0 * z * sum + f64::from(e) * LN_2
}

/// e to the power of x, for x in [-700, 700].
pub(crate) fn exp(x: f64) -> f64 {
    let k = (x / LN_2).round_ties_even();
    let r = x - k * LN_2;
    let mut sum = 1.0;
    for i in (1..=14).rev() {
        sum = 1.0 + sum * r / f64::from(i);
    }
    let power = f64::from_bits(((k as i64 + 1023) as u64) << 52);
    sum * power
}

#[cfg(test)]
mod tests {
    use super::{exp, ln};

    #[test]
    fn agrees_with_the_standard_library() {
        for x in [1e-12, 0.001, 0.3, 0.99, 1.0, 1.5, 2.0, 3.7, 1e3, 1e9] {
            let error = ln(x) - f64::ln(x);
            assert!(error.abs() < 1e-11, "ln {x}: {error}");
        }
        for x in [-50.0, -7.3, -1.0, -0.1, 0.0, 0.4, 1.0, 12.5, 80.0] {
            let error = exp(x) / f64::exp(x) - 1.0;
            assert!(error.abs() < 1e-12, "exp {x}: {error}");
        }
    }
}
