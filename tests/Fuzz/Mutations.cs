using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using IntegrationHub.Manifests;

namespace IntegrationHub.Fuzz;

/// <summary>A change to a request.</summary>
/// <param name="Name">For reports.</param>
/// <param name="Apply">Makes it.</param>
/// <param name="IsHarmless">Whether a genuine request stays one that the hub must take.</param>
internal sealed record Mutation(string Name, Action<Draft, Dice, Scheme> Apply, bool IsHarmless = false);

/// <summary>Changes that know what a webhook is made of.</summary>
internal static partial class Mutations
{
    private static readonly string[] Spaces = [" ", "\t", "\u00a0", "\u200b", "\u3000", "\0", "\r\n ", "\ufeff"];

    public static IReadOnlyList<Mutation> All { get; } =
    [
        .. Headers(), .. Signatures(), .. Timestamps(), .. Connections(), .. Addresses(), .. BodyMutations.All,
    ];

    private static IEnumerable<Mutation> Headers()
    {
        yield return new("unknown header", (draft, dice, _) => draft.Headers.Add(("X-" + dice.Text(6), dice.Text(20))), IsHarmless: true);
        yield return new("case of a header's name", (draft, dice, _) => Change(draft, dice, header => (dice.OneIn(2) ? header.Name.ToUpperInvariant() : header.Name.ToLowerInvariant(), header.Value)), IsHarmless: true);
        yield return new("a header is gone", (draft, dice, _) =>
        {
            if (draft.Headers.Count > 0)
                draft.Headers.RemoveAt(dice.Below(draft.Headers.Count));
        });
        yield return new("a watched header is gone", (draft, dice, scheme) => draft.Headers.RemoveAll(header => header.Name.Equals(dice.PickFrom([.. scheme.Watched, "Content-Type"]), StringComparison.OrdinalIgnoreCase)));
        yield return new("a header twice", (draft, dice, _) => Copy(draft, dice, value => value));
        yield return new("a header twice, changed", (draft, dice, _) => Copy(draft, dice, value => dice.OneIn(2) ? Flip(value, dice) : ""));
        yield return new("a header twice in one", (draft, dice, _) => Change(draft, dice, header => (header.Name, header.Value + dice.Pick(",", ", ", ";", " ", "&") + header.Value)));
        yield return new("white space around", (draft, dice, _) => Change(draft, dice, header => (header.Name, dice.Pick("", dice.PickFrom(Spaces)) + header.Value + dice.Pick("", dice.PickFrom(Spaces)))));
        yield return new("white space within", (draft, dice, _) => Change(draft, dice, header => (header.Name, Insert(header.Value, dice, dice.PickFrom(Spaces)))));
        yield return new("foreign characters", (draft, dice, _) => Change(draft, dice, header => (header.Name, Insert(header.Value, dice, dice.Pick("é", "１", "а", "\ud800", "\u202e", "\u0660", "%00", "\"", "=", ",", "{signature}")))));
        yield return new("a value emptied", (draft, dice, _) => Change(draft, dice, header => (header.Name, dice.Pick("", " ", ",", "=", "v1=", "t=", "sha256=", "Bearer ", "Basic "))));
        yield return new("a long value", (draft, dice, _) => Change(draft, dice, header => (header.Name, header.Value + new string(dice.Pick('a', '0', ',', ' ', '='), dice.Pick(100, 8191, 8192, 8193, 70_000)))));
        yield return new("content type", (draft, dice, _) => draft.SetHeader("Content-Type", dice.Pick(
            "application/json", "application/x-www-form-urlencoded", "APPLICATION/X-WWW-FORM-URLENCODED; charset=x", " application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data; boundary=x")));
    }

    private static IEnumerable<Mutation> Signatures()
    {
        yield return new("hex in capitals", (draft, _, scheme) =>
        {
            if (scheme.First is { Encoding: "hex", Scheme: VerifyScheme.Hmac })
                OnSignature(draft, scheme, text => text.Length >= 40 ? text.ToUpperInvariant() : text);
        }, IsHarmless: true);
        yield return new("another encoding", (draft, dice, scheme) => OnSignature(draft, scheme, text => Reencode(text, dice)));
        yield return new("truncated", (draft, dice, scheme) => OnSignature(draft, scheme, text => text[..dice.Below(text.Length)]));
        yield return new("extended", (draft, dice, scheme) => OnSignature(draft, scheme, text => text + dice.Pick("0", "00", "=", "==", "A", "AAAA", "\0", text)));
        yield return new("one bit of it", (draft, dice, scheme) => OnSignature(draft, scheme, text => Flip(text, dice)));
        yield return new("nothing but zeros", (draft, dice, scheme) => OnSignature(draft, scheme, text => new string(dice.Pick('0', 'A', 'f'), text.Length)));
        yield return new("many signatures", (draft, dice, scheme) => OnSignature(draft, scheme, text => Repeat(text, scheme, dice.Pick(2, 9, 10, 11, 40), dice)));
        yield return new("a wrong one before it", (draft, dice, scheme) => OnSignature(draft, scheme, text => Repeat(text, scheme, 2, dice)));
        yield return new("another algorithm", (draft, dice, scheme) => Forge(draft, dice, scheme, dice.Pick("sha1", "sha256", "sha384", "sha512"), Encoding.UTF8.GetBytes(scheme.Secret)));
        yield return new("a guessed secret", (draft, dice, scheme) => Forge(draft, dice, scheme, "sha256", dice.Pick<byte[]>([], [0], Encoding.UTF8.GetBytes("whsec_"), Encoding.UTF8.GetBytes("null"), Encoding.UTF8.GetBytes("undefined"))));
        yield return new("signed anew by the owner", (draft, dice, scheme) => scheme.Sign(draft, dice, scheme.Secret));
        yield return new("signed by a stranger", (draft, dice, scheme) =>
        {
            var known = draft.Signed.ToList();
            scheme.Sign(draft, dice, scheme.First.PublicKey is null ? "whsec_" + Convert.ToBase64String("the secret of a stranger"u8) : scheme.OldSecret);
            if (scheme.First.PublicKey is not null)
                return;

            draft.Signed.Clear();
            draft.Signed.AddRange(known);
        });
    }

    private static IEnumerable<Mutation> Timestamps()
    {
        yield return new("another form of the time", (draft, dice, scheme) => OnTime(draft, scheme, text => dice.Pick(
            "+" + text, "-" + text, "0" + text, " " + text, text + " ", text + "\0", text + ".0", text + "e0", text + "000", "0x" + text, text.Replace('1', '\u0661'), text.Replace('1', '１'),
            "", "0", "9223372036854775807", "99999999999999999999", "2026-01-01T12:00:00Z", "null", "NaN", text + "," + text)));
        yield return new("another time", (draft, dice, scheme) => OnTime(draft, scheme, text => long.TryParse(text, out var number)
            ? (number + dice.Pick(-1, 1, 299, 300, 301, -300, -301, 86_400, -86_400, 300_000, 301_000, -301_000)).ToString(CultureInfo.InvariantCulture)
            : text));
        yield return new("a digit over the border", (draft, dice, scheme) => OnTime(draft, scheme, text =>
        {
            if (text.Length < 2)
                return text;

            // What the time loses the body gains: the concatenation stays the same.
            var cut = 1 + dice.Below(text.Length - 1);
            draft.Body = dice.OneIn(2) ? Straight.Join(text[cut..], draft.Body) : Straight.Join(draft.Body, text[cut..]);
            return text[..cut];
        }));
    }

    private static IEnumerable<Mutation> Connections()
    {
        yield return new("the secret was rotated", (draft, dice, scheme) => draft.Secrets = dice.OneIn(2) ? [scheme.OldSecret, scheme.Secret] : [null, scheme.Secret], IsHarmless: true);
        yield return new("the secret is another", (draft, _, scheme) => draft.Secrets = [scheme.OldSecret]);
        yield return new("no secret", (draft, dice, _) => draft.Secrets = dice.Pick<List<string?>>([null], [""], [" "], [null, ""], ["whsec_"]));
        yield return new("signed with the earlier secret", (draft, dice, scheme) =>
        {
            scheme.Sign(draft, dice, scheme.OldSecret);
            draft.Secrets = dice.OneIn(2) ? [scheme.Secret, scheme.OldSecret] : [scheme.Secret];
        });
    }

    private static IEnumerable<Mutation> Addresses()
    {
        yield return new("another parameter", (draft, dice, _) => draft.Query += (draft.Query.Length == 0 ? "?" : "&") + dice.Pick("a=b", "bodySHA256=" + new string('0', 64), "key=x", "hmac=0", "=", "&&", "%zz=%", "a", "hub.mode=subscribe"));
        yield return new("a parameter twice", (draft, _, _) => draft.Query += draft.Query.Length == 0 ? "?x=1&x=1" : "&" + draft.Query[1..]);
        yield return new("parameters in another order", (draft, _, _) => draft.Query = draft.Query.Length == 0 ? "" : "?" + string.Join('&', draft.Query[1..].Split('&').Reverse()));
        yield return new("the query's escapes", (draft, dice, _) => draft.Query = dice.Pick(
            draft.Query.Replace("%2", "%2", StringComparison.Ordinal).ToUpperInvariant(), draft.Query.Replace("%20", "+", StringComparison.Ordinal), draft.Query.Replace("=", "%3D", StringComparison.Ordinal),
            Uri.UnescapeDataString(draft.Query), draft.Query + "%ff%fe", draft.Query + "%"));
        yield return new("no query", (draft, _, _) => draft.Query = "");
        yield return new("thousands of parameters", (draft, dice, _) => draft.Query = draft.Query + (draft.Query.Length == 0 ? "?" : "&") + string.Join('&', Enumerable.Repeat("a=1", dice.Pick(4095, 4096, 4097, 9000))));
        yield return new("another host", (draft, dice, _) => draft.Origin = dice.Pick(
            "https://hub.example:443", "https://hub.example:8443", "http://hub.example", "http://hub.example:80", "https://HUB.example", "https://user:1@hub.example", "https://[::1]", "https://[::1]:443", "hub.example", "https://"));
        yield return new("another path", (draft, dice, _) => draft.Path = dice.Pick("/v1/webhooks/acme/conn_2", draft.Path + "/", draft.Path + "%2e", "/", draft.Path.ToUpperInvariant(), "//" + draft.Path));
        yield return new("another method", (draft, dice, _) => draft.Method = dice.Pick("GET", "PUT", "post", ""));
        yield return new("a form's field in the address", (draft, dice, _) =>
        {
            var pairs = Straight.Pairs(draft.Body);
            if (pairs.Count == 0)
                return;

            var (name, value) = pairs[dice.Below(pairs.Count)];
            draft.Query += name + value;
            draft.Text = string.Join('&', draft.Text.Split('&').Where(pair => !pair.StartsWith(name, StringComparison.Ordinal)));
        });
    }

    private static void Change(Draft draft, Dice dice, Func<(string Name, string Value), (string, string)> change)
    {
        if (draft.Headers.Count == 0)
            return;

        var at = dice.Below(draft.Headers.Count);
        draft.Headers[at] = change(draft.Headers[at]);
    }

    private static void Copy(Draft draft, Dice dice, Func<string, string> change)
    {
        if (draft.Headers.Count == 0)
            return;

        var (name, value) = dice.PickFrom(draft.Headers);
        draft.Headers.Insert(dice.Below(draft.Headers.Count + 1), (name, change(value)));
    }

    /// <summary>Changes the longest run of signature characters, wherever the scheme puts it.</summary>
    private static void OnSignature(Draft draft, Scheme scheme, Func<string, string> change)
    {
        string InText(string text) => Run().Matches(text).MaxBy(match => match.Length) is { } longest ? text[..longest.Index] + change(longest.Value) + text[(longest.Index + longest.Length)..] : text;

        if (scheme.First.Query is not null)
            draft.Query = InText(draft.Query);
        else if (scheme.First.Body is not null && draft.Body.Length < 10_000)
            draft.Text = InText(draft.Text);
        else
            for (var i = 0; i < draft.Headers.Count; i++)
                if (draft.Headers[i].Name.Equals(scheme.First.Header ?? "Authorization", StringComparison.OrdinalIgnoreCase))
                    draft.Headers[i] = (draft.Headers[i].Name, InText(draft.Headers[i].Value));
    }

    private static void OnTime(Draft draft, Scheme scheme, Func<string, string> change)
    {
        for (var i = 0; i < draft.Headers.Count; i++)
        {
            var (name, value) = draft.Headers[i];
            if (name.Equals(scheme.First.TimestampHeader, StringComparison.OrdinalIgnoreCase))
                draft.Headers[i] = (name, change(value));
            else if (scheme.First.Format.Contains("{timestamp}", StringComparison.Ordinal) && name.Equals(scheme.First.Header, StringComparison.OrdinalIgnoreCase) && Time().Match(value) is { Success: true } match)
                draft.Headers[i] = (name, value[..match.Groups[1].Index] + change(match.Groups[1].Value) + value[(match.Groups[1].Index + match.Groups[1].Length)..]);
        }

        if (scheme.First.TimestampBody is not null && draft.Body.Length < 10_000 && Moment().Match(draft.Text) is { Success: true } inBody)
            draft.Text = draft.Text[..inBody.Index] + change(inBody.Value) + draft.Text[(inBody.Index + inBody.Length)..];
    }

    /// <summary>A keyed hash over something near what is signed, by somebody who knows or guesses a secret.</summary>
    private static void Forge(Draft draft, Dice dice, Scheme scheme, string algorithm, byte[] key)
    {
        var time = scheme.First.TimestampHeader is { } header ? draft.Header(header) ?? "" : "1767268800";
        var data = dice.Pick(draft.Body, Straight.Join(time, ".", draft.Body), Straight.Join(time, draft.Body), [], Encoding.UTF8.GetBytes(draft.Text.Trim()), Straight.Join(draft.Origin, draft.Path, draft.Query, draft.Body));
        var mac = Straight.Mac(algorithm, key, data);
        if (key.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(scheme.Secret)))
        {
            draft.Signed.Add(draft.Body);
            draft.Signed.Add(data);
        }

        OnSignature(draft, scheme, text => text.All(char.IsAsciiHexDigit) ? Convert.ToHexStringLower(mac) : Convert.ToBase64String(mac));
    }

    private static string Reencode(string text, Dice dice)
    {
        byte[]? bytes = text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : Straight.FromBase64(text);
        if (bytes is null)
            return text;

        var base64 = Convert.ToBase64String(bytes);
        return dice.Pick(
            Convert.ToHexStringLower(bytes), base64, base64.TrimEnd('='), base64.Replace('+', '-').Replace('/', '_'), base64.Replace('+', '-').Replace('/', '_').TrimEnd('='), base64 + "=",
            base64.Length > 8 ? base64.Insert(dice.Below(base64.Length), "\n") : base64, Uri.EscapeDataString(base64), Convert.ToHexStringLower(Encoding.ASCII.GetBytes(base64)), Loose(base64, dice));
    }

    /// <summary>The same bytes with other bits in the last character, of which the decoder uses only some.</summary>
    private static string Loose(string base64, Dice dice)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        var padding = base64.Length - base64.TrimEnd('=').Length;
        if (padding == 0)
            return base64;

        var at = base64.Length - padding - 1;
        var value = alphabet.IndexOf(base64[at], StringComparison.Ordinal);
        return $"{base64[..at]}{alphabet[value | dice.Below(padding == 1 ? 4 : 16)]}{base64[(at + 1)..]}";
    }

    private static string Repeat(string text, Scheme scheme, int count, Dice dice)
    {
        var between = scheme.First.Separator ?? dice.Pick(",", ";", " ", "&");
        var format = scheme.First.Format.Replace("{timestamp}", "1767268800", StringComparison.Ordinal);
        var prefix = format[..format.IndexOf("{signature}", StringComparison.Ordinal)];
        prefix = prefix[(prefix.LastIndexOfAny([',', ';', '&', ' ']) is var cut && scheme.First.Separator is null ? cut + 1 : 0)..];
        return string.Join(between + prefix, Enumerable.Repeat(Flip(text, dice), count - 1).Append(text));
    }

    internal static string Flip(string text, Dice dice)
    {
        if (text.Length == 0)
            return "0";

        var at = dice.Below(text.Length);
        var to = dice.Pick('0', '1', 'a', 'F', 'z', '+', '/', '=');
        return $"{text[..at]}{(to == text[at] ? '2' : to)}{text[(at + 1)..]}";
    }

    internal static string Insert(string text, Dice dice, string what) => text.Insert(dice.Below(text.Length + 1), what);

    [GeneratedRegex("[A-Za-z0-9+/_.-]{16,}={0,2}", RegexOptions.CultureInvariant)]
    private static partial Regex Run();

    [GeneratedRegex(@"t[s]?=(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(@"\b17672688\d*", RegexOptions.CultureInvariant)]
    private static partial Regex Moment();
}
