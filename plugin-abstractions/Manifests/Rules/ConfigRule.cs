using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests.Rules;

/// <summary>The connection's fields are described by a sound schema, and its annotations mean something.</summary>
internal sealed partial class ConfigRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var config = draft.Root["config"];
        if (!config.IsObject)
            return;

        SchemaChecks.Object(config, findings);
        var takenBy = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, field) in config["properties"].Members())
        {
            CheckSecret(field, findings);
            CheckVariable(name, field, takenBy, findings);
            if (field["x-secret"].Value.ValueKind != JsonValueKind.True && LooksSecret().IsMatch(name) && field["type"].Or("string") == "string")
                findings.Warn(field.Pointer, $"\"{name}\" looks like a secret and is not marked as one.", "Add \"x-secret\": true, so that it is encrypted, never shown and never logged.");
        }

        foreach (var name in config["required"].Items().Select(item => item.Text).OfType<string>())
            if (!draft.Config.Has(name))
                findings.Error(config["required"].Pointer, $"The required field \"{name}\" is not described.", draft.Config.Hint(name));
    }

    private static void CheckSecret(Place field, ManifestFindings findings)
    {
        var secret = field["x-secret"];
        if (secret.Exists && secret.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            findings.Error(secret.Pointer, "\"x-secret\" is true or false.");

        if (secret.Value.ValueKind != JsonValueKind.True)
            return;

        if (field["type"].Text != "string")
            findings.Error(secret.Pointer, "Only a string can be a secret.", "Write \"type\": \"string\" beside it.");

        if (field["default"].Exists)
            findings.Error(field["default"].Pointer, "A secret has no default.", "Leave it out: a secret that everybody can read is none.");
    }

    private static void CheckVariable(string name, Place field, Dictionary<string, string> takenBy, ManifestFindings findings)
    {
        var variable = field["x-env"];
        if (!variable.Exists)
            return;

        if (variable.Text is not { } text || !Variable().IsMatch(text))
            findings.Error(variable.Pointer, "\"x-env\" is the name of an environment variable.", "Write capital letters, digits and underscores, such as STRIPE_SECRET_KEY.");
        else if (!takenBy.TryAdd(text, name))
            findings.Error(variable.Pointer, $"The fields \"{takenBy[text]}\" and \"{name}\" take the same environment variable.", "Give each its own.");
    }

    [GeneratedRegex(@"\A[A-Z_][A-Z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();

    [GeneratedRegex("(secret|password|privateKey|accessToken|apiKey|authToken)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex LooksSecret();
}

/// <summary>Checks of schemas inside a manifest.</summary>
internal static class SchemaChecks
{
    /// <summary>A schema of an object compiles.</summary>
    public static void Object(Place schema, ManifestFindings findings)
    {
        Any(schema, findings);
        if (schema["type"] is { Exists: true } type && type.Text != "object")
            findings.Error(type.Pointer, "This schema describes an object.", "Write \"type\": \"object\".");
    }

    /// <summary>A schema compiles; its issues are told with pointers into the manifest.</summary>
    public static void Any(Place schema, ManifestFindings findings)
    {
        if (!schema.IsObject)
            return;

        foreach (var issue in SchemaValidator.TryCompile(schema.Value, out _))
            findings.Error(schema.Pointer + issue.Pointer, issue.Message, issue.Hint);
    }
}
