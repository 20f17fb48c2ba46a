using System.Runtime.CompilerServices;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Templates;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Connections;

/// <remarks>A connection changed on another node is seen here within <see cref="CacheTime"/>.</remarks>
internal sealed class ConnectionResolver(IConnectionStore store, ConnectionSecrets secrets, IOptions<HubOptions> options, TimeProvider time) : IConnectionResolver
{
    public static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(30);
    private const int CacheCapacity = 10_000;

    private readonly LookupCache<Connection> cache = new(time, CacheTime, CacheCapacity);

    // Weakly: calls that follow closely share what was decrypted, and it is gone when it would have been gone anyhow, with the next collection.
    private readonly ConditionalWeakTable<Connection, WeakReference<OpenedConnection>> opened = [];

    public ValueTask<Connection?> FindAsync(string id, CancellationToken cancellationToken) => cache.GetAsync(id, store.GetAsync, cancellationToken);

    /// <summary>Forgets a connection that was changed or deleted.</summary>
    public void Forget(string id) => cache.Forget(id);

    public ConnectionContext Open(Connection connection, LoadedProvider provider, JsonElement authorization = default)
    {
        // The operator may have allowed it once and no more.
        if (connection.BaseUrlOverride is not null && !options.Value.AllowBaseUrlOverride)
            throw Problem.Forbidden(
                $"The connection '{connection.Id}' replaces the provider's address, which the operator does not allow (Hub:AllowBaseUrlOverride). Remove overrides.baseUrl from it.").ToException();

        var kept = opened.GetValue(connection, static _ => new WeakReference<OpenedConnection>(null!));
        if (!kept.TryGetTarget(out var open) || open.Provider != provider || open.Until <= time.GetUtcNow())
            kept.SetTarget(open = Decrypt(connection, provider));

        return new ConnectionContext
        {
            Id = connection.Id,
            Project = connection.Project,
            Provider = connection.Provider,
            Environment = connection.Environment,
            Alias = connection.Alias,
            Config = open.Config,
            PreviousConfigs = open.Previous,
            BaseUrl = open.BaseUrl,
            BaseUrlOverridden = connection.BaseUrlOverride is not null,
            EnvironmentValues = open.Values,
            AuthId = open.AuthId,
            Auth = authorization,
            GrantedScopes = ScopesOf(authorization) ?? connection.GrantedScopes,
        };
    }

    private OpenedConnection Decrypt(Connection connection, LoadedProvider provider)
    {
        var setup = ProviderSetup.Of(provider);
        var environment = setup.Environment(connection.Environment)
            ?? throw Problem.Conflict($"The provider '{provider.Id}' no longer offers the environment '{connection.Environment}' of the connection '{connection.Id}'.").ToException();

        var fields = ConfigObject.FieldsOf(connection.Config);
        foreach (var (field, secret) in connection.Secrets)
            fields[field] = secrets.Open(connection, field, secret.Value);

        var config = provider.Config.ApplyDefaults(ConfigObject.Of(fields));
        var (baseUrl, values) = Resolve(connection, environment, config);
        var now = time.GetUtcNow();
        var until = connection.RetiredSecrets.Where(secret => now < secret.ValidUntil).Select(secret => secret.ValidUntil).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        return new OpenedConnection(provider, config, Previous(connection, provider, fields, now), baseUrl, values, setup.Choose(connection.AuthId, config)?.Id, until);
    }

    /// <summary>What the token was granted is truer than what somebody once wrote down.</summary>
    private static IReadOnlyList<string>? ScopesOf(JsonElement authorization) =>
        authorization.ValueKind == JsonValueKind.Object && authorization.TryGetProperty("scopes", out var scopes) && scopes.ValueKind == JsonValueKind.Array
            ? [.. scopes.EnumerateArray().Select(scope => scope.GetString()!)]
            : null;

    private static (string BaseUrl, JsonElement Values) Resolve(Connection connection, ProviderEnvironment environment, JsonElement config)
    {
        try
        {
            var (baseUrl, values) = environment.Resolve(connection.BaseUrlOverride, config);
            return (baseUrl ?? "", values);
        }
        catch (TemplateException)
        {
            throw Problem.Conflict($"The address of the connection '{connection.Id}' cannot be made from its config. Correct the config.").ToException();
        }
    }

    // Newest first, each step going one rotation further back: fields that were rotated together are old together.
    private List<JsonElement> Previous(Connection connection, LoadedProvider provider, Dictionary<string, JsonElement> fields, DateTimeOffset now)
    {
        var previous = new List<JsonElement>();
        var step = new HashSet<string>(StringComparer.Ordinal);
        DateTimeOffset? until = null;
        foreach (var retired in connection.RetiredSecrets.Where(secret => now < secret.ValidUntil))
        {
            if (until is not null && (retired.ValidUntil != until || step.Contains(retired.Field)))
                Take();

            fields[retired.Field] = secrets.Open(connection, retired.Field, retired.Value);
            step.Add(retired.Field);
            until = retired.ValidUntil;
        }

        if (step.Count > 0)
            Take();

        return previous;

        void Take()
        {
            previous.Add(provider.Config.ApplyDefaults(ConfigObject.Of(fields)));
            step.Clear();
        }
    }

    /// <param name="Provider">For which it was opened: another version may have other defaults.</param>
    /// <param name="Config">With secrets.</param>
    /// <param name="Previous">Configs with earlier secrets that are still valid.</param>
    /// <param name="BaseUrl">Without a trailing slash.</param>
    /// <param name="Values">The environment's.</param>
    /// <param name="AuthId">The authentication that its config satisfies.</param>
    /// <param name="Until">When the first of the earlier secrets ends.</param>
    private sealed record OpenedConnection(
        LoadedProvider Provider, JsonElement Config, IReadOnlyList<JsonElement> Previous, string BaseUrl, JsonElement Values, string? AuthId, DateTimeOffset Until);
}
