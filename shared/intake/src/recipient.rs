//! Reads what the person at the door tells.

use domain::TimeWindow;
use domain::recipient::{LONGEST_COMMENT, LONGEST_NOTE, MOST_STARS};
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;

/// Reads `{"note": …}`: one line of at most 280 characters, without control characters.
///
/// # Errors
/// Every fault in the body.
pub fn read_recipient_note(body: &Value) -> Result<String, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["note"]);
    let note = fields
        .required_text("note", LONGEST_NOTE)
        .map(str::to_owned);
    faults.or(note)
}

/// Reads `{"from": …, "to": …}`: one of the windows that the page offers.
///
/// # Errors
/// Every fault in the body.
pub fn read_chosen_window(body: &Value) -> Result<TimeWindow, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["from", "to"]);
    let (from, to) = (fields.required_time("from"), fields.required_time("to"));
    faults.or(from.zip(to).map(|(start, end)| TimeWindow { start, end }))
}

/// Reads `{"stars": 1 to 5, "comment": …}`. The comment may be absent: one line of at most 500 characters.
///
/// # Errors
/// Every fault in the body.
pub fn read_rating(body: &Value) -> Result<(u8, Option<String>), Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["stars", "comment"]);
    let stars = fields.required_whole_number("stars", 1..=MOST_STARS);
    let comment = fields.text("comment", LONGEST_COMMENT).map(str::to_owned);
    faults.or(stars.map(|stars| (stars, comment)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(faults: Faults) -> Vec<String> {
        faults
            .into_vec()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn a_note_is_one_line_that_can_be_seen() {
        let read = |note: Value| read_recipient_note(&json!({"note": note})).map_err(pointers);
        assert_eq!(read(json!(" Ring <twice> ")), Ok("Ring <twice>".to_owned()));
        assert!(read(json!("é".repeat(280))).is_ok());
        for bad in [
            json!("é".repeat(281)),
            json!("a\nb"),
            json!("a\u{0}b"),
            json!("\u{1b}[2J"),
            json!("\u{200b}"),
            json!(""),
            json!(null),
            json!(7),
        ] {
            assert_eq!(read(bad.clone()), Err(vec!["#/note".to_owned()]), "{bad}");
        }
    }

    #[test]
    fn a_window_has_two_times_and_each_fault_is_named() {
        let read = |body: Value| read_chosen_window(&body).map_err(pointers);
        let fine = json!({"from": "2030-05-06T12:00:00+02:00", "to": "2030-05-06T14:00:00Z"});
        let window = read(fine).unwrap();
        let ends = [window.start, window.end].map(|end| end.to_string());
        assert_eq!(ends, ["2030-05-06T10:00:00Z", "2030-05-06T14:00:00Z"]);
        let bad = json!({"from": "noon", "id": 1});
        let expected = ["#/id", "#/from", "#/to"].map(str::to_owned).to_vec();
        assert_eq!(read(bad), Err(expected));
    }

    #[test]
    fn a_rating_has_one_to_five_stars_and_each_fault_is_named() {
        let read = |body: Value| read_rating(&body).map_err(pointers);
        assert_eq!(read(json!({"stars": 5})), Ok((5, None)));
        let fine = json!({"stars": 1, "comment": "late"});
        assert_eq!(read(fine), Ok((1, Some("late".to_owned()))));
        for stars in [json!(0), json!(6), json!(2.5), json!("5"), json!(null)] {
            assert_eq!(
                read(json!({"stars": stars})),
                Err(vec!["#/stars".to_owned()])
            );
        }
        let bad = json!({"stars": 9, "comment": "a\u{7}", "order_id": 1});
        assert_eq!(
            read(bad),
            Err(["#/order_id", "#/stars", "#/comment"]
                .map(str::to_owned)
                .to_vec())
        );
    }
}
