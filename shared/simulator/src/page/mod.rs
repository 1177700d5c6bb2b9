//! Pages with charts: one HTML file each, without anything from outside.

pub mod charts;

use std::fmt::Write as _;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem;\
color:#1b2733}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}table{border-collapse:collapse;margin:1rem 0}\
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #d8dee4}\
th:first-child,td:first-child{text-align:left}svg{max-width:100%;height:auto;display:block;margin:1rem 0}\
svg text{font:12px system-ui,sans-serif;fill:#1b2733}.good{color:#12703c}.bad{color:#b3261e}p.note{color:#5a6873}";

/// A page in the making.
#[derive(Debug, Clone, Default)]
pub struct Page {
    title: String,
    body: String,
}

impl Page {
    /// A page with this title.
    pub fn titled(title: &str) -> Self {
        Self {
            title: escaped(title),
            body: format!("<h1>{}</h1>\n", escaped(title)),
        }
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escaped(text));
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p>{}</p>", escaped(text));
    }

    /// Adds a remark in small letters.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p class=\"note\">{}</p>", escaped(text));
    }

    /// Adds a table. The first row is its head.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        self.body.push_str("<table>\n");
        for (index, row) in rows.iter().enumerate() {
            let tag = if index == 0 { "th" } else { "td" };
            self.body.push_str("<tr>");
            for cell in row {
                let _ = write!(self.body, "<{tag}>{}</{tag}>", escaped(cell));
            }
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</table>\n");
    }

    /// Adds a chart.
    pub fn chart(&mut self, svg: &str) {
        self.body.push_str(svg);
        self.body.push('\n');
    }

    /// The file.
    pub fn html(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\n\
             <body>\n{}</body></html>\n",
            self.title, self.body
        )
    }
}

/// The text with its markup escaped.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_and_customers_are_no_markup() {
        let mut page = Page::titled("<b>.csv");
        page.table(&[vec!["a & b".to_owned()], vec!["\"c\"".to_owned()]]);
        let html = page.html();
        assert!(html.contains("<title>&lt;b&gt;.csv</title>"));
        assert!(html.contains("<th>a &amp; b</th>") && html.contains("<td>&quot;c&quot;</td>"));
        assert!(!html.contains("<b>"));
    }
}
