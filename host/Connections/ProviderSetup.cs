using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text.Json;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Connections;

/// <summary>
/// What connections need of a manifest, prepared once: the environments' addresses, the fields each authentication needs, the fields that environment variables fill. Immutable.
/// Holds nothing of the plugin but texts, and is remembered weakly, so it keeps no plugin loaded.
/// </summary>
internal sealed class ProviderSetup
{
    /// <summary>The environments there are. A provider that declares none runs in all.</summary>
    public static readonly IReadOnlyList<string> KnownEnvironments = ["dev", "staging", "prod"];

    private static readonly ConditionalWeakTable<LoadedProvider, ProviderSetup> Prepared = [];
    private readonly FrozenDictionary<string, ProviderEnvironment> environments;

    private ProviderSetup(ProviderManifest manifest)
    {
        environments = manifest.Environments.Count == 0
            ? KnownEnvironments.ToFrozenDictionary(name => name, name => new ProviderEnvironment(name, new EnvironmentManifest()))
            : manifest.Environments.ToFrozenDictionary(pair => pair.Key, pair => new ProviderEnvironment(pair.Key, pair.Value));
        Authentications = [.. manifest.Auth.Select(auth => new ProviderAuthentication(auth, manifest.Config))];
        EnvironmentFields = [.. EnvironmentFieldsOf(manifest.Config)];
        AddressFields = environments.Values.SelectMany(environment => environment.BaseUrlFields)
            .Concat(manifest.Network.Allow.Concat(manifest.Auth.SelectMany(ProviderAuthentication.AddressesOf)).SelectMany(entry => ProviderAuthentication.ConfigFieldsOf(Template.Compile(entry))))
            .ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Config fields that decide where calls go, and so who gets the secrets.</summary>
    public IReadOnlySet<string> AddressFields { get; }

    public IEnumerable<string> EnvironmentNames => KnownEnvironments.Where(environments.ContainsKey).Concat(environments.Keys.Except(KnownEnvironments).Order(StringComparer.Ordinal));

    public IReadOnlyList<ProviderAuthentication> Authentications { get; }

    /// <summary>Config fields with <c>x-env</c>.</summary>
    public IReadOnlyList<EnvironmentField> EnvironmentFields { get; }

    public static ProviderSetup Of(LoadedProvider provider) => Prepared.GetValue(provider, static loaded => new ProviderSetup(loaded.Manifest));

    public ProviderEnvironment? Environment(string name) => environments.GetValueOrDefault(name);

    /// <summary>The authentication of a connection: the one it names, else the first that its config satisfies.</summary>
    public ProviderAuthentication? Choose(string? id, JsonElement config) =>
        id is null ? Authentications.FirstOrDefault(auth => !auth.MissingIn(config).Any()) : Authentications.FirstOrDefault(auth => auth.Id == id);

    private static IEnumerable<EnvironmentField> EnvironmentFieldsOf(JsonElement? schema)
    {
        if (schema is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
            yield break;

        foreach (var property in properties.EnumerateObject())
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("x-env", out var variable) && variable.ValueKind == JsonValueKind.String)
                yield return new EnvironmentField(property.Name, variable.GetString()!, !property.Value.TryGetProperty("type", out var type) || type.ValueEquals("string"));
    }
}

/// <summary>A config field that an environment variable fills.</summary>
internal sealed record EnvironmentField(string Field, string Variable, bool IsText);

/// <summary>One way to authenticate, with the config fields it needs.</summary>
internal sealed class ProviderAuthentication
{
    public ProviderAuthentication(AuthManifest auth, JsonElement? config)
    {
        var complete = auth.WithDefaults(config);
        Id = complete.Id!;
        Fields = complete.Requires;
    }

    public string Id { get; }

    public IReadOnlyList<string> Fields { get; }

    public IEnumerable<string> MissingIn(JsonElement config) =>
        Fields.Where(field => !config.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && value.ValueEquals("")));

    /// <summary>The config fields a template names.</summary>
    public static IEnumerable<string> ConfigFieldsOf(Template template) =>
        template.References.Where(reference => reference.Root == "config").Select(reference => reference.Path.Split('.', '/')[0]).Where(field => field.Length > 0);

    /// <summary>Where credentials and tokens are sent.</summary>
    public static IEnumerable<string> AddressesOf(AuthManifest auth) => new[] { auth.Issuer, auth.Discovery, auth.AuthorizeUrl, auth.TokenUrl, auth.RevokeUrl }.OfType<string>();
}

/// <summary>One environment of a provider.</summary>
internal sealed class ProviderEnvironment
{
    private readonly Template? baseUrl;
    private readonly IReadOnlyDictionary<string, string> values;
    private readonly JsonElement withoutAddress;
    private readonly (string BaseUrl, JsonElement Values)? constant;

    public ProviderEnvironment(string name, EnvironmentManifest manifest)
    {
        Name = name;
        Require = manifest.Require;
        values = manifest.Values;
        baseUrl = manifest.BaseUrl is { } text ? Template.Compile(text) : null;
        withoutAddress = ValuesWith(null);
        if (baseUrl is null || baseUrl.IsConstant)
        {
            var address = Trim(baseUrl?.RenderText(TemplateScope.Empty) ?? "");
            constant = (address, ValuesWith(address));
        }
    }

    public string Name { get; }

    public IReadOnlyDictionary<string, string> Require { get; }

    public bool HasBaseUrl => baseUrl is not null;

    public IEnumerable<string> BaseUrlFields => baseUrl is null ? [] : ProviderAuthentication.ConfigFieldsOf(baseUrl);

    /// <summary>The address and the values for templates; the address is <see langword="null"/> when the config lacks what its template names.</summary>
    /// <exception cref="TemplateException">A pipe cannot work on a value.</exception>
    public (string? BaseUrl, JsonElement Values) Resolve(string? overrideUrl, JsonElement config)
    {
        if (overrideUrl is not null)
            return (Trim(overrideUrl), ValuesWith(Trim(overrideUrl)));

        if (constant is { } known)
            return known;

        var address = baseUrl!.RenderText(new TemplateScope().Set("config", config).Set("env", withoutAddress));
        return address is null ? (null, withoutAddress) : (Trim(address), ValuesWith(Trim(address)));
    }

    private static string Trim(string address) => address.TrimEnd('/');

    private JsonElement ValuesWith(string? address)
    {
        var all = new Dictionary<string, string>(values, StringComparer.Ordinal) { ["name"] = Name };
        if (address is not null)
            all["baseUrl"] = address;

        return JsonSerializer.SerializeToElement(all);
    }
}
