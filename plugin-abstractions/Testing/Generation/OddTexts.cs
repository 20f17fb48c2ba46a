namespace IntegrationHub.Testing.Generation;

/// <summary>Texts that break what was tested with "test": scripts, directions, lengths, and what means something to formats along the way. The likeliest to break something come first.</summary>
internal static class OddTexts
{
    public static IReadOnlyList<string> All { get; } =
    [
        "نص عربي مع أرقام ١٢٣",
        "quote \" apostrophe ' backslash \\ slash /",
        "line\r\nX-Injected: yes\r\n\r\nbody",
        "..",
        "a=b&c=d+e%20f%zz;g#h?i",
        "\u202eright to left override\u202c",
        "👩‍👩‍👧‍👦 🇸🇦 𝄞 emoji and astral",
        " ",
        "{params.secret} {config.secretKey} {{braces}} ${x} {0}",
        "nul \u0000 and bell \u0007",
        "../../etc/passwd",
        new string('ض', 3000),
        "שלום עולם",
        "مزيج mixed ‏نص‎ text",
        "e\u0301 combining, ﷺ ligature",
        "日本語テキスト",
        "<script>alert(1)</script> & <!-- -->",
        "'; DROP TABLE users; --",
        "%2e%2e%2f",
        "\ufeffbyte order mark",
        " leading and trailing ",
        "null",
        "-1e400",
        "https://elsewhere.example.net/?x=1#y",
        new string('x', 5000),
    ];
}
