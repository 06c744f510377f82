//! `--suites`: cipher suites by the names of IANA, OpenSSL and GnuTLS, and what is told of a name that is none of these.

use warifu::parameters::CipherSuite;

use crate::exit::Failure;

/// Names like a mistyped one that are told.
const MAX_SUGGESTIONS: usize = 3;

/// Reads a list with commas or colons between.
///
/// # Errors
/// The first name that is not known, with those that are most like it.
pub(crate) fn parse(list: &str) -> Result<Vec<CipherSuite>, Failure> {
    list.split([',', ':'])
        .map(|name| find(name.trim()))
        .collect()
}

fn find(name: &str) -> Result<CipherSuite, Failure> {
    let found = CipherSuite::from_any_name(name)
        .or_else(|| CipherSuite::from_any_name(&format!("TLS_{name}")));
    match found {
        Some(suite) if suite.versions().is_some() => Ok(suite),
        Some(suite) if suite.to_string().ends_with("_SCSV") => {
            Err(wrong(name, "a signal of the protocol, no suite"))
        }
        Some(_) => Err(wrong(
            name,
            "this build of warifu has no suites but those of TLS 1.3",
        )),
        None => Err(wrong(name, problem(name))),
    }
}

fn wrong(name: &str, problem: &str) -> Failure {
    let nearest = nearest(name);
    let names = match nearest.is_empty() {
        true => "names of IANA, OpenSSL or GnuTLS, such as TLS_AES_128_GCM_SHA256".to_owned(),
        false => nearest.join(", "),
    };
    Failure::Argument {
        option: "--suites",
        value: name.to_owned(),
        problem: problem.to_owned(),
        allowed: format!("{names}    (all of them: warifu suites)"),
    }
}

/// What is wrong with a name that is not known.
fn problem(name: &str) -> &'static str {
    let upper = name.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    if name.is_empty() {
        "an empty name"
    } else if has(&["RC4", "ARCFOUR", "NULL", "EXP", "ANON", "ADH", "AECDH"]) {
        "left out for good: no suites with RC4, NULL, export keys or without authentication"
    } else if upper.starts_with(['!', '+', '-', '@', '%'])
        || has(&["SECLEVEL", "NORMAL", "SECURE", "PERFORMANCE"])
        || ["HIGH", "MEDIUM", "LOW", "ALL", "DEFAULT"].contains(&upper.as_str())
    {
        "no name of a suite; for groups of suites there is --policy"
    } else {
        "not known here"
    }
}

/// The three names of a suite, those that it has.
fn names(suite: CipherSuite) -> impl Iterator<Item = String> {
    let others = [suite.openssl_name(), suite.gnutls_name()];
    let others = others.into_iter().flatten().map(ToOwned::to_owned);
    std::iter::once(suite.to_string()).chain(others)
}

/// Names most like this one, of different suites.
fn nearest(name: &str) -> Vec<String> {
    let wanted = plain(name);
    if wanted.is_empty() {
        return Vec::new();
    }
    // Each suite by that of its names which is nearest, or OpenSSL's for a name that looks like one of those.
    let mut found: Vec<(usize, String)> = CipherSuite::implemented()
        .filter_map(|suite| {
            let (distance, nearest) = names(suite)
                .map(|candidate| (distance(&wanted, &plain(&candidate)), candidate))
                .min_by_key(|(distance, _)| *distance)?;
            let openssl = suite.openssl_name().filter(|_| name.contains('-'));
            Some((distance, openssl.map_or(nearest, ToOwned::to_owned)))
        })
        .collect();
    // A stable sort: among equals the better suite comes first.
    found.sort_by_key(|(distance, _)| *distance);
    // A third of the name wrong is another name.
    let most = wanted.len() / 3;
    found.retain(|(distance, _)| *distance <= most);
    if found.is_empty() {
        let holds = |candidate: &String| plain(candidate).contains(&wanted);
        let all = CipherSuite::implemented().filter_map(|suite| names(suite).find(holds));
        return all.take(MAX_SUGGESTIONS).collect();
    }
    let names = found.into_iter().map(|(_, name)| name);
    names.take(MAX_SUGGESTIONS).collect()
}

/// A name without what the three styles write differently.
fn plain(name: &str) -> String {
    let upper = name.to_ascii_uppercase().replace('_', "-");
    upper.strip_prefix("TLS-").unwrap_or(&upper).to_owned()
}

/// Levenshtein's distance, in bytes. Names of more than 64 bytes are like none.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return a.len();
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.bytes().enumerate() {
        let mut previous = i + 1;
        let mut diagonal = i;
        let mut next = vec![previous];
        for (above, b) in row.iter().skip(1).zip(b.bytes()) {
            previous = (diagonal + usize::from(a != b))
                .min(previous + 1)
                .min(above + 1);
            diagonal = *above;
            next.push(previous);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> String {
        let failure = parse(name).unwrap_err();
        assert_eq!(failure.code(), crate::exit::Code::Usage);
        let text = failure.text();
        format!("{}; {}", text.what, text.cause)
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("AES128", "AES128", 0),
            ("AES128", "AES256", 3),
            ("SHA256", "SHA265", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn suites_have_their_usual_names() {
        assert_eq!(
            parse("AES_256_GCM_SHA384:tls_aes_128_ccm_sha256").unwrap(),
            [
                CipherSuite::TLS_AES_256_GCM_SHA384,
                CipherSuite::TLS_AES_128_CCM_SHA256
            ]
        );
        assert!(refused("").contains("an empty name"));
        assert!(refused("TLS_AES_128_GCM_SHA256,").contains("an empty name"));
        let told = refused("TLS_AES_128_GCM_SHA265");
        assert!(told.contains("not known here; allowed: TLS_AES_128_GCM_SHA256"));
        assert!(refused("TLS_RSA_WITH_NULL_MD5").contains("left out for good"));
        for keyword in ["HIGH", "!aNULL", "NORMAL", "@SECLEVEL=0", "-ALL"] {
            let told = refused(keyword);
            assert!(
                told.contains("--policy") || told.contains("left out"),
                "{told}"
            );
        }
        let long = "x".repeat(100_000);
        assert!(refused(&long).contains("names of IANA, OpenSSL or GnuTLS"));
    }

    #[cfg(feature = "legacy")]
    #[test]
    fn the_three_styles_may_be_mixed() {
        let suite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA;
        for name in [
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            "ecdhe_rsa_with_aes_128_cbc_sha",
            "ECDHE-RSA-AES128-SHA",
            "TLS_ECDHE_RSA_AES_128_CBC_SHA1",
        ] {
            assert_eq!(parse(name).unwrap(), [suite], "{name}");
        }
        assert_eq!(
            parse("AES128-GCM-SHA256, AES_128_GCM_SHA256").unwrap(),
            [
                CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
                CipherSuite::TLS_AES_128_GCM_SHA256
            ]
        );
        assert!(refused("FALLBACK_SCSV").contains("no suite"));
    }

    #[cfg(feature = "legacy")]
    #[test]
    fn mistyped_names_are_answered_in_the_style_they_have() {
        for (typed, meant) in [
            ("ECDHE-RSA-AES128-GCM-SHA265", "ECDHE-RSA-AES128-GCM-SHA256"),
            ("ECDHE-RSA-AES128-CBC-SHA", "ECDHE-RSA-AES128-SHA"),
            (
                "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA",
                "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256",
            ),
            ("CCM8", "CCM8"),
        ] {
            let told = refused(typed);
            let allowed = told.split("allowed: ").nth(1).unwrap();
            assert!(allowed.split(',').next().unwrap().contains(meant), "{told}");
        }
    }

    #[cfg(not(feature = "legacy"))]
    #[test]
    fn suites_of_older_versions_are_not_in_this_build() {
        let told = refused("ECDHE-RSA-AES128-SHA");
        assert!(told.contains("no suites but those of TLS 1.3"), "{told}");
    }
}
