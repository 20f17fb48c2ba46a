using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;
using IntegrationHub.Testing.Generation;

namespace IntegrationHub.Testing.Running;

/// <summary>Makes connections as the hub opens them for a call. Each has an id of its own, by which its requests are known. Thread-safe.</summary>
internal sealed class ConnectionMaker
{
    private static readonly string[] Known = ["dev", "staging", "prod"];
    private readonly ProviderManifest manifest;
    private readonly Dictionary<(string Environment, int Variant), JsonElement> configs = [];
    private readonly ConfigMaker maker;
    private int number;

    public ConnectionMaker(ProviderManifest manifest, ConformanceOptions options)
    {
        this.manifest = manifest;
        maker = new ConfigMaker(manifest, options);
        Environments = manifest.Environments.Count == 0 ? Known : [.. Known.Where(manifest.Environments.ContainsKey), .. manifest.Environments.Keys.Except(Known).Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> Environments { get; }

    public IReadOnlyDictionary<VerifyScheme, string> PrivateKeys => maker.PrivateKeys;

    /// <summary>Every secret that was ever given to a connection.</summary>
    public IReadOnlyList<string> AllSecrets
    {
        get
        {
            lock (configs)
                return [.. configs.SelectMany(made => maker.Secrets(made.Value).Concat(Token(made.Key.Variant))).Distinct(StringComparer.Ordinal)];
        }
    }

    public IReadOnlyList<string> SecretsOf(ConnectionContext connection) =>
        [.. maker.Secrets(connection.Config), .. connection.Auth.ValueKind == JsonValueKind.Object ? [connection.Auth.GetProperty("accessToken").GetString()!] : Array.Empty<string>()];

    public static string IdOf(AuthManifest auth) => auth.Id ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(auth.Type.ToString());

    /// <summary>Why connections cannot be made up; <see langword="null"/> when they can.</summary>
    public string? Problem(string environment)
    {
        maker.Make(environment, 0, out var problem);
        return problem;
    }

    public ConnectionContext Make(string? environment = null, AuthManifest? auth = null, int variant = 0)
    {
        environment ??= Environments[0];
        auth ??= manifest.Auth.Count > 0 ? manifest.Auth[0] : null;
        var config = Config(environment, variant);
        var described = manifest.Environments.GetValueOrDefault(environment) ?? new EnvironmentManifest();
        var values = new JsonObject { ["name"] = environment };
        foreach (var (name, value) in described.Values)
            values[name] = value;

        var baseUrl = "";
        if (described.BaseUrl is { } template)
        {
            baseUrl = Template.Compile(template).RenderText(new TemplateScope().Set("config", config).Set("env", SchemaSampler.ToElement(values)))?.TrimEnd('/') ?? "";
            values["baseUrl"] = baseUrl;
        }

        return new ConnectionContext
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"conn_kit_{Interlocked.Increment(ref number):D6}"),
            Project = "default",
            Provider = manifest.Id,
            Environment = environment,
            Alias = "default",
            Config = config,
            BaseUrl = baseUrl,
            EnvironmentValues = SchemaSampler.ToElement(values),
            AuthId = auth is null ? null : IdOf(auth),
            Auth = manifest.Auth.Any(way => way.Type is AuthType.Oauth2 or AuthType.JwtBearer) ? Tokens(variant) : default,
        };
    }

    private JsonElement Config(string environment, int variant)
    {
        lock (configs)
        {
            if (!configs.TryGetValue((environment, variant), out var config))
                configs[(environment, variant)] = config = maker.Make(environment, variant, out _);

            return config;
        }
    }

    private static JsonElement Tokens(int variant) =>
        SchemaSampler.ToElement(new JsonObject { ["accessToken"] = Token(variant)[0], ["tokenType"] = "Bearer", ["accountId"] = "account" });

    private static string[] Token(int variant) => [string.Create(CultureInfo.InvariantCulture, $"access-token-{variant}-a1b2c3d4e5f6")];
}
