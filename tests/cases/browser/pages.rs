//! The pages of the cases: one without a fault, and others with one fault each.

use super::server::{Answer, Request};

/// What the pages of a node send as well.
const POLICY: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self'; form-action 'self'";

/// Bytes of the script of the faultless page, for counting.
pub const SCRIPT_BYTES: usize = 6000;

/// Answers a request.
pub fn answer(request: &Request) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/form") => page("Setup", FORM),
        ("POST", "/form") => signed_in(&request.body),
        ("GET", "/hello") => hello(request),
        ("GET", "/style.css") => file("text/css", STYLE.to_owned()),
        ("GET", "/script.js") => file("text/javascript", script()),
        ("GET", "/icon.svg") => file("image/svg+xml", ICON.to_owned()),
        ("GET", "/late") => page("Late", LATE),
        ("GET", "/late.js") => file("text/javascript", LATE_SCRIPT.to_owned()),
        ("GET", "/dim") => page("Dim", DIM),
        ("GET", "/trap") => page("Trap", TRAP),
        ("GET", "/trap.js") => file("text/javascript", TRAP_SCRIPT.to_owned()),
        ("GET", "/loud") => page("Loud", LOUD),
        ("GET", "/loud.js") => file("text/javascript", LOUD_SCRIPT.to_owned()),
        ("GET", "/covered") => page("Covered", COVERED),
        _ => missing(),
    }
}

fn page(title: &str, main: &str) -> Answer {
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"><link rel=\"icon\" href=\"/icon.svg\"></head>\
         <body><main><h1>{title}</h1>{main}</main></body></html>"
    );
    Answer {
        status: "200 OK",
        headers: vec!["Content-Type: text/html".to_owned(), POLICY.to_owned()],
        body,
    }
}

fn file(kind: &str, body: String) -> Answer {
    Answer {
        status: "200 OK",
        headers: vec![
            format!("Content-Type: {kind}"),
            "Cache-Control: max-age=600".to_owned(),
        ],
        body,
    }
}

fn missing() -> Answer {
    Answer {
        status: "404 Not Found",
        ..page("Not here", "<p>There is no such page.</p>")
    }
}

/// The fields as they were sent, and a cookie that only HTTPS carries.
fn signed_in(form: &str) -> Answer {
    let cookie = format!("Set-Cookie: form={form}; Secure; HttpOnly; SameSite=Strict; Path=/");
    Answer {
        status: "303 See Other",
        headers: vec!["Location: /hello".to_owned(), cookie],
        body: String::new(),
    }
}

fn hello(request: &Request) -> Answer {
    let header = |name| request.headers.get(name).map_or("", String::as_str);
    page(
        "Hello",
        &format!(
            "<p id=\"cookie\">{}</p><p id=\"languages\">{}</p><p id=\"scripts\">no scripts</p>\
             <p class=\"light\">It is light.</p><p class=\"dark\">It is dark.</p>\
             <p><a href=\"/form\">Back to the form</a></p><script src=\"/script.js\"></script>",
            header("cookie").replace('&', " "),
            header("accept-language")
        ),
    )
}

fn script() -> String {
    let work = "document.getElementById('scripts').textContent = 'scripts run';\n";
    format!("{work}{}\n", "/".repeat(SCRIPT_BYTES - work.len() - 1))
}

const STYLE: &str = "
:root { color-scheme: light dark; }
body { background: #fff; color: #222; }
a { color: #00479e; }
.dark { display: none; }
.over { position: fixed; inset: 0; background: #ccc; }
.small { width: 8px; height: 8px; padding: 0; border: 0; margin: 0; }
.hidden-focus:focus { outline: none; }
@media (prefers-color-scheme: dark) {
  body { background: #111; color: #eee; }
  a { color: #8ec2ff; }
  .light { display: none; }
  .dark { display: block; }
  .dim { color: #333; }
}
";

const ICON: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>"#;

const FORM: &str = r##"
<form method="post" action="/form">
<p><label>Code <input id="code" name="code" value="old"></label></p>
<p><label>Size <select id="size" name="size"><option>Small</option><option>Middle</option><option>Very large</option></select></label></p>
<fieldset><legend>Colour</legend>
<label><input type="radio" name="colour" value="red" checked> Red</label>
<label><input type="radio" name="colour" value="blue" id="blue"> Blue</label></fieldset>
<p><label>Certificate <input type="file" id="file"></label></p>
<p><button id="send">Send</button></p>
</form>"##;

const LATE: &str = r#"<p id="early">Wait.</p><script src="/late.js"></script>"#;
const LATE_SCRIPT: &str = "setTimeout(() => {
  document.getElementById('early').remove();
  document.querySelector('main').insertAdjacentHTML('beforeend', '<p id=\"late\">Here it is.</p>');
}, 500);";

const DIM: &str = r#"<p class="dim">Readable by day.</p>
<button class="small" aria-label="More"></button><button class="small" aria-label="Less"></button>"#;

const TRAP: &str = r##"<p><a href="#" id="unseen" class="hidden-focus">First</a></p>
<p><label>Field <input id="trap"></label></p><p><button id="after">After</button></p>
<script src="/trap.js"></script>"##;
const TRAP_SCRIPT: &str = "document.getElementById('trap').addEventListener('keydown', (event) => {
  if (event.key === 'Tab') event.preventDefault();
});";

const LOUD: &str = r#"<p>Something is wrong.</p><script>inline()</script>
<script src="/nowhere.js"></script><script src="/loud.js"></script>"#;
const LOUD_SCRIPT: &str = "console.log('all is well'); console.error('it hurts', 7); nothing.at.all();";

const COVERED: &str = r#"<p><button id="below">Below</button></p><div class="over">Please wait</div>
<p><button class="two">One</button> <button class="two">Other</button></p><p><button id="off" disabled>Off</button></p>"#;
