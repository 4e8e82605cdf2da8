//! Rows of values as lines of a drawing that is as wide as there are values, and 100 high.

/// The lines of a row, as SVG's `points`: one for each stretch without a gap. `top` is the value at the upper edge. Points
/// on a level stretch are left out, so that an idle machine is a short page.
pub fn lines(row: &[Option<f32>], top: f32) -> Vec<String> {
    let height = |value: f32| (1.0 - (value / top).clamp(0.0, 1.0)) * 100.0;
    let mut lines = Vec::new();
    let mut at = 0;
    for stretch in row.split(Option::is_none) {
        let heights: Vec<String> = stretch
            .iter()
            .flatten()
            .map(|value| format!("{:.1}", height(*value)))
            .collect();
        let mut points: Vec<String> = heights
            .iter()
            .enumerate()
            .filter(|(i, y)| {
                let level = |other: Option<&String>| other == Some(y);
                !(*i > 0 && level(heights.get(i - 1)) && level(heights.get(i + 1)))
            })
            .map(|(i, y)| format!("{},{y}", at + i))
            .collect();
        // A line needs two ends, a dot is one with both at the same place.
        if let [dot] = points.as_slice() {
            points.push(dot.clone());
        }
        if !points.is_empty() {
            lines.push(points.join(" "));
        }
        at += stretch.len() + 1;
    }
    lines
}

/// The highest value there is.
pub fn highest(row: &[Option<f32>]) -> Option<f32> {
    row.iter().flatten().copied().reduce(f32::max)
}

/// The value now.
pub fn now(row: &[Option<f32>]) -> Option<f32> {
    row.last().copied().flatten()
}

/// The power of two at or above the highest value of some rows, so that the scale seldom changes; never below `least`.
pub fn scale(rows: &[&[Option<f32>]], least: f32) -> f32 {
    let highest = rows.iter().filter_map(|row| highest(row)).fold(least, f32::max);
    highest.log2().ceil().exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_for_each_stretch_without_a_gap() {
        let row = [None, Some(0.0), Some(50.0), None, Some(100.0), None];
        assert_eq!(lines(&row, 100.0), ["1,100.0 2,50.0", "4,0.0 4,0.0"]);
        assert!(lines(&[None, None], 100.0).is_empty() && lines(&[], 100.0).is_empty());
    }

    #[test]
    fn a_level_stretch_is_two_points_and_no_value_leaves_the_drawing() {
        let mut row = vec![Some(7.0); 180];
        assert_eq!(lines(&row, 7.0), ["0,0.0 179,0.0"]);
        row.extend([Some(900.0), Some(-3.0)]);
        assert_eq!(lines(&row, 14.0), ["0,50.0 179,50.0 180,0.0 181,100.0"]);
    }

    #[test]
    fn the_scale_is_a_power_of_two_that_holds_all() {
        let (row, other) = ([None, Some(1500.0)], [Some(3000.0)]);
        assert_eq!(scale(&[&row, &other], 1024.0), 4096.0);
        assert_eq!(scale(&[&[None]], 1024.0), 1024.0);
        assert_eq!((highest(&row), now(&row)), (Some(1500.0), Some(1500.0)));
        assert_eq!(now(&[Some(1.0), None]), None);
    }
}
