namespace IntegrationHub.Testing.Generation;

/// <summary>Texts that break what was tested with "test": scripts, directions, lengths, and what means something to formats along the way.</summary>
internal static class OddTexts
{
    public static IReadOnlyList<string> All { get; } =
    [
        "نص عربي مع أرقام ١٢٣",
        "שלום עולם",
        "\u202eright to left override\u202c",
        "مزيج mixed ‏نص‎ text",
        "👩‍👩‍👧‍👦 🇸🇦 𝄞 emoji and astral",
        "e\u0301 combining, ﷺ ligature",
        "日本語テキスト",
        "quote \" apostrophe ' backslash \\ slash /",
        "a=b&c=d+e%20f%zz;g",
        "{params.secret} {config.secretKey} {{braces}} ${x} {0}",
        "<script>alert(1)</script> & <!-- -->",
        "'; DROP TABLE users; --",
        "../../etc/passwd",
        "..",
        "%2e%2e%2f",
        "line\r\nX-Injected: yes\r\n\r\nbody",
        "nul \u0000 and bell \u0007",
        "\ufeffbyte order mark",
        " leading and trailing ",
        " ",
        "null",
        "-1e400",
        "https://elsewhere.example.net/?x=1#y",
        new string('x', 5000),
        new string('ض', 3000),
    ];
}
