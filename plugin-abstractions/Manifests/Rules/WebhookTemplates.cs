using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Manifests.Rules;

/// <summary>Checks of the placeholders that webhooks know; compiled by what will run them.</summary>
internal static partial class WebhookTemplates
{
    public static void Check(Place place, Part allowed, ManifestFindings findings)
    {
        if (place.Text is { } text)
            Check(text, place.Pointer, allowed, findings);
    }

    public static void Check(string text, string at, Part allowed, ManifestFindings findings)
    {
        try
        {
            RequestTemplate.Compile(text, allowed, "Here");
        }
        catch (ArgumentException fault)
        {
            var hint = allowed == Part.Signed
                ? "Known: {timestamp}, {id}, {body}, {method}, {url}, {path}, {query}, {header.X}, {query.x}, {headers.X}, {form.sorted}, {body.sha256}, {body.crc32}, {body.canonical}, {secret}, {config.x} and pointers {/a/b}; pipes: decimals, before, after."
                : allowed == Part.Connection ? "Known: {config.x} and {env.x}." : "Known: {header.X}, {query.x} and pointers {/a/b}.";
            findings.Error(at, fault.Message, hint);
        }
    }

    /// <summary>References to config fields and environment values lead somewhere.</summary>
    public static void CheckConfig(ManifestDraft draft, Place place, ManifestFindings findings)
    {
        foreach (Match match in Setting().Matches(place.Or("")))
            draft.CheckConfigField(match.Groups[1].Value, place.Pointer, findings);
    }

    /// <summary>Conditions name parts of the request, and compare them with something.</summary>
    public static void CheckConditions(ManifestDraft draft, Place when, ManifestFindings findings)
    {
        foreach (var (key, value) in when.Members())
        {
            Check($"{{{key}}}", value.Pointer, Part.Content, findings);
            Check(value, Part.Connection, findings);
            CheckConfig(draft, value, findings);
            if (value.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
                findings.Error(value.Pointer, "A condition compares with a text, a number, true (is present) or false (is absent).");
        }
    }

    [GeneratedRegex(@"\{config\.([^{}|]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Setting();
}
