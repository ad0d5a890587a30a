//! Pairs of boxes that have a point in common, without a look at every pair.

use super::plane::Bounds;

/// Whether every pair of boxes that touch or overlap passes the check, which is given their indexes.
///
/// A line is swept along the axis on which fewer boxes lie side by side; only the boxes that it cuts
/// are compared with the next.
pub(super) fn pairs_pass(boxes: &[Bounds], mut check: impl FnMut(usize, usize) -> bool) -> bool {
    let axis = usize::from(side_by_side(boxes, 0) > side_by_side(boxes, 1));
    let mut order = (0..boxes.len()).collect::<Vec<_>>();
    order.sort_by(|&a, &b| boxes[a].low[axis].total_cmp(&boxes[b].low[axis]));
    let mut cut = Vec::<usize>::new();
    for next in order {
        cut.retain(|&earlier| boxes[earlier].high[axis] >= boxes[next].low[axis]);
        let mut meeting = cut.iter().filter(|&&earlier| boxes[earlier].overlap(&boxes[next], 1 - axis));
        if !meeting.all(|&earlier| check(earlier, next)) {
            return false;
        }
        cut.push(next);
    }
    true
}

/// How many pairs have something in common along this axis.
fn side_by_side(boxes: &[Bounds], axis: usize) -> usize {
    let sorted = |of: fn(&Bounds) -> &[f64; 2]| {
        let mut values = boxes.iter().map(|bounds| of(bounds)[axis]).collect::<Vec<_>>();
        values.sort_by(f64::total_cmp);
        values
    };
    let (lows, highs) = (sorted(|bounds| &bounds.low), sorted(|bounds| &bounds.high));
    let begun_before = lows.iter().enumerate();
    begun_before.map(|(begun, low)| begun - highs.partition_point(|high| high < low)).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pair_is_found_once() {
        // A linear congruential generator: the boxes are the same in every run.
        let mut state = 7_u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 60) as f64
        };
        for _ in 0..50 {
            let boxes = (0..40).map(|_| {
                let low = [number(), number()];
                Bounds { low, high: [low[0] + number() / 4.0, low[1] + number() / 8.0] }
            });
            let boxes = boxes.collect::<Vec<_>>();
            let mut found = Vec::new();
            assert!(pairs_pass(&boxes, |a, b| {
                found.push((a.min(b), a.max(b)));
                true
            }));
            let touch = |a: usize, b: usize| (0..2).all(|axis| boxes[a].overlap(&boxes[b], axis));
            let all = (0..40).flat_map(|a| (a + 1..40).map(move |b| (a, b)));
            let expected = all.filter(|&(a, b)| touch(a, b)).collect::<BTreeSet<_>>();
            assert_eq!(found.len(), expected.len());
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }

    #[test]
    fn a_failed_check_ends_the_sweep() {
        let bounds = Bounds { low: [0.0, 0.0], high: [1.0, 1.0] };
        let mut checks = 0;
        assert!(!pairs_pass(&[bounds; 5], |_, _| {
            checks += 1;
            false
        }));
        assert_eq!(checks, 1);
        assert!(pairs_pass(&[], |_, _| false));
    }
}
