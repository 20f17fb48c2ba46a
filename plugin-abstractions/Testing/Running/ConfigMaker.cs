using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;
using IntegrationHub.Testing.Generation;

namespace IntegrationHub.Testing.Running;

/// <summary>Makes up the fields of connections: values that fit the manifest's config schema and belong to nobody. Each variant has secrets of its own.</summary>
internal sealed class ConfigMaker
{
    private readonly ProviderManifest manifest;
    private readonly ConformanceOptions options;
    private readonly JsonElement schema;
    private readonly SchemaValidator validator;
    private readonly HashSet<string> addressFields;
    private readonly Dictionary<string, VerifyManifest> keyFields = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> publicKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<VerifyScheme, string> privateKeys = [];

    public ConfigMaker(ProviderManifest manifest, ConformanceOptions options)
    {
        this.manifest = manifest;
        this.options = options;
        schema = manifest.Config ?? JsonElement.Parse("""{ "type": "object" }""");
        validator = SchemaValidator.Compile(schema);
        addressFields = manifest.Environments.Values.SelectMany(environment => FieldsOf(environment.BaseUrl)).Concat(manifest.Network.Allow.SelectMany(FieldsOf)).ToHashSet(StringComparer.Ordinal);
        foreach (var scheme in manifest.Webhooks?.Verify ?? [])
            foreach (var field in FieldsOf(scheme.Secret).Concat(FieldsOf(scheme.PublicKey)))
                keyFields[field] = scheme;

        MakeKeys();
    }

    /// <summary>The private key that fits the made-up public key of a scheme, in PEM.</summary>
    public IReadOnlyDictionary<VerifyScheme, string> PrivateKeys => privateKeys;

    /// <summary>The fields of a connection in an environment, with the schema's defaults.</summary>
    /// <param name="environment">Whose <c>require</c> is kept.</param>
    /// <param name="variant">Connections of different variants share no secret.</param>
    /// <param name="problem">Why no fields can be made up.</param>
    public JsonElement Make(string environment, int variant, out string? problem)
    {
        var require = manifest.Environments.TryGetValue(environment, out var described) ? described.Require : new Dictionary<string, string>();
        var made = new JsonObject();
        foreach (var (name, field) in Properties())
            made[name] = Field(name, field, require.GetValueOrDefault(name), variant);

        Override(made);
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];

        // Fields that exclude each other: the optional ones go, last first, until the rest fits.
        foreach (var optional in made.Select(pair => pair.Key).Where(name => !required.Contains(name)).Reverse().Prepend(null).ToList())
        {
            if (optional is not null)
                made.Remove(optional);

            var value = validator.ApplyDefaults(SchemaSampler.ToElement(made));
            if (validator.Validate(value).Count == 0)
            {
                problem = require.Where(pair => !(value.TryGetProperty(pair.Key, out var field) && field.ToString().Contains(pair.Value, StringComparison.Ordinal)))
                    .Select(pair => $"No value of '{pair.Key}' that fits the config schema and contains '{pair.Value}' can be made up.").FirstOrDefault();
                return value;
            }
        }

        var issue = validator.Validate(SchemaSampler.ToElement(made))[0];
        problem = $"No fields that fit the config schema can be made up: {issue.Pointer} {issue.Message}";
        return SchemaSampler.ToElement(made);
    }

    /// <summary>The values of secret fields.</summary>
    public IReadOnlyList<string> Secrets(JsonElement config) =>
        [.. Properties().Where(property => IsSecret(property.Field) && config.TryGetProperty(property.Name, out var value) && value.ValueKind == JsonValueKind.String)
            .Select(property => config.GetProperty(property.Name).GetString()!)];

    public static IEnumerable<string> FieldsOf(string? template) =>
        template is null ? [] : Template.Compile(template).References.Where(reference => reference.Root == "config").Select(reference => reference.Path.Split('.', '/')[0]);

    private IEnumerable<(string Name, JsonElement Field)> Properties() =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties)
            ? properties.EnumerateObject().Select(property => (property.Name, property.Value))
            : [];

    private void Override(JsonObject made)
    {
        if (options.Config is { ValueKind: JsonValueKind.Object } given)
            foreach (var field in given.EnumerateObject())
                made[field.Name] = JsonNode.Parse(field.Value.GetRawText());
    }

    private JsonNode? Field(string name, JsonElement field, string? mustContain, int variant)
    {
        if (publicKeys.TryGetValue(name, out var key))
            return JsonValue.Create(key);

        var own = TryCompile(field);
        foreach (var candidate in Candidates(name, field, variant))
            if (own?.Validate(SchemaSampler.ToElement(JsonValue.Create(candidate))).Count == 0 && (mustContain is null || candidate.Contains(mustContain, StringComparison.Ordinal)))
                return JsonValue.Create(candidate);

        if (field.ValueKind == JsonValueKind.Object && field.TryGetProperty("default", out var preset))
            return JsonNode.Parse(preset.GetRawText());

        var sample = own is null ? null : new SchemaSampler(field, options.Seed).Sample(SampleKind.Full);
        return sample is { } value ? JsonNode.Parse(value.GetRawText()) : JsonValue.Create("value");
    }

    /// <summary>Texts that might do, the likeliest first.</summary>
    private IEnumerable<string> Candidates(string name, JsonElement field, int variant)
    {
        if (field.ValueKind != JsonValueKind.Object || !field.TryGetProperty("type", out var type) || !type.ValueEquals("string"))
            yield break;

        if (IsSecret(field))
        {
            var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{options.Seed} {name} {variant}")));
            var unique = Convert.ToHexStringLower(bytes)[..24];
            if (keyFields.TryGetValue(name, out var scheme))
                yield return Encoded(scheme.SecretEncoding, bytes, unique);

            for (var seed = 0; seed < 40; seed++)
            {
                var text = Sample(field, seed, SampleKind.Minimal) ?? "";
                yield return text + unique;
                yield return text + Convert.ToHexStringLower(bytes);
                yield return (Sample(field, (variant * 1000) + seed, SampleKind.Random) ?? text) is { Length: >= 16 } longer ? longer : text + unique[..12];
            }

            yield return unique;
        }

        foreach (var annotation in (string[])["default", "x-placeholder"])
            if (field.TryGetProperty(annotation, out var ready) && ready.ValueKind == JsonValueKind.String && !ready.GetString()!.Contains('…', StringComparison.Ordinal))
                yield return ready.GetString()!;

        if (addressFields.Contains(name))
            yield return "https://provider.example.com";

        for (var seed = 0; seed < 40; seed++)
            if (Sample(field, seed, SampleKind.Full) is { } text)
                yield return text;
    }

    private static string Encoded(string encoding, byte[] bytes, string plain) => encoding switch
    {
        "whsec" => "whsec_" + Convert.ToBase64String(bytes),
        "base64" => Convert.ToBase64String(bytes),
        "hex" => Convert.ToHexStringLower(bytes),
        _ => plain,
    };

    private string? Sample(JsonElement field, int seed, SampleKind kind) =>
        TryCompile(field) is null ? null : new SchemaSampler(field, options.Seed + seed).Sample(kind) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private void MakeKeys()
    {
        foreach (var (field, scheme) in keyFields)
        {
            if (scheme.Scheme is not (VerifyScheme.Ecdsa or VerifyScheme.Rsa))
                continue;

            var (keyInfo, keyPem, privatePem) = NewKey(scheme.Scheme);
            privateKeys.TryAdd(scheme.Scheme, privatePem);
            var own = Properties().FirstOrDefault(property => property.Name == field).Field is { ValueKind: JsonValueKind.Object } schemaOf ? TryCompile(schemaOf) : null;
            publicKeys[field] = Array.Find([keyInfo, keyPem], text => own is null || own.Validate(SchemaSampler.ToElement(JsonValue.Create(text))).Count == 0) ?? keyInfo;
        }
    }

    private static (string KeyInfo, string KeyPem, string PrivatePem) NewKey(VerifyScheme scheme)
    {
        using AsymmetricAlgorithm key = scheme == VerifyScheme.Ecdsa ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        return (Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), key.ExportSubjectPublicKeyInfoPem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static SchemaValidator? TryCompile(JsonElement field)
    {
        SchemaValidator.TryCompile(field, out var compiled);
        return compiled;
    }

    private static bool IsSecret(JsonElement field) =>
        field.ValueKind == JsonValueKind.Object && field.TryGetProperty("x-secret", out var secret) && secret.ValueKind == JsonValueKind.True;
}
