using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Connections;

internal sealed partial class ConnectionService
{
    public Task<Connection> UpdateAsync(
        Caller caller, string correlationId, string id, int? expectedVersion, UpdateConnectionRequest request, CancellationToken cancellationToken)
    {
        var changes = new List<string>();
        return ChangeAsync(
            caller,
            id,
            expectedVersion ?? request.Version,
            current => Apply(current, request, changes),
            (_, changed) => RecordAsync(caller, correlationId, "connection.updated", changed, new { changed.Version, changes }, cancellationToken),
            cancellationToken);
    }

    /// <summary>Gives secret fields new values; the old ones stay valid for webhooks until the overlap ends. Values that are no different are left alone, so that a repetition does no harm.</summary>
    public Task<Connection> RotateAsync(
        Caller caller, string correlationId, string id, int? expectedVersion, RotateConnectionRequest request, CancellationToken cancellationToken)
    {
        var rotated = new List<string>();
        return ChangeAsync(
            caller,
            id,
            expectedVersion,
            current => Rotate(current, request, rotated),
            (_, changed) => RecordAsync(caller, correlationId, "connection.rotated", changed, new { changed.Version, fields = rotated, overlap = request.Overlap ?? "24h" }, cancellationToken),
            cancellationToken);
    }

    private Connection Apply(Connection current, UpdateConnectionRequest request, List<string> changes)
    {
        changes.Clear();
        var issues = new List<ValidationIssue>();
        RefuseMove("/project", request.Project, current.Project);
        RefuseMove("/provider", request.Provider, current.Provider);
        RefuseMove("/environment", request.Environment, current.Environment);

        var alias = Text("/alias", request.Alias, current.Alias, nullable: false);
        issues.AddRange(NameIssues("/alias", alias!));
        var auth = Text("/auth", request.Auth, current.AuthId, nullable: true);
        var enabled = request.Enabled.ValueKind switch
        {
            JsonValueKind.Undefined => current.Enabled,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => Refuse("/enabled", "The value must be true or false.", current.Enabled),
        };
        var scopes = Scopes(request.GrantedScopes, current.GrantedScopes, issues);
        issues.AddRange(ScopeIssues(scopes));
        var overrideUrl = Override(request.Overrides, current.BaseUrlOverride, issues);
        if (overrideUrl != current.BaseUrlOverride)
            issues.AddRange(OverrideIssues(overrideUrl));

        if (request.Config.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
            issues.Add(new("/config", "The config must be an object; null for a field removes the field."));

        var given = Given(current, request.Config);
        var changed = current;
        if (given.Count > 0 || auth != current.AuthId || overrideUrl != current.BaseUrlOverride)
        {
            var provider = catalog.Find(current.Provider) ?? throw NotLoaded(current.Provider).ToException();
            changed = Merge(current, provider, given, auth, overrideUrl, issues);
        }

        if (issues.Count > 0)
            throw Problem.Invalid("The change is not valid.", issues).ToException();

        Note("alias", alias != current.Alias);
        Note("auth", auth != current.AuthId);
        Note("enabled", enabled != current.Enabled);
        Note("grantedScopes", !(scopes ?? []).SequenceEqual(current.GrantedScopes ?? []) || (scopes is null) != (current.GrantedScopes is null));
        Note("overrides", overrideUrl != current.BaseUrlOverride);
        changes.AddRange(given.Keys.Select(field => "config." + field));
        return changes.Count == 0
            ? current
            : changed with { Alias = alias!, AuthId = auth, Enabled = enabled, GrantedScopes = scopes, BaseUrlOverride = overrideUrl };

        void Note(string name, bool differs)
        {
            if (differs)
                changes.Add(name);
        }

        void RefuseMove(string pointer, JsonElement wanted, string actual)
        {
            if (wanted.ValueKind != JsonValueKind.Undefined && !(wanted.ValueKind == JsonValueKind.String && wanted.ValueEquals(actual)))
                issues.Add(new(pointer, "This cannot be changed.", "Make a new connection."));
        }

        T Refuse<T>(string pointer, string message, T instead)
        {
            issues.Add(new(pointer, message));
            return instead;
        }

        string? Text(string pointer, JsonElement wanted, string? actual, bool nullable) => wanted.ValueKind switch
        {
            JsonValueKind.Undefined => actual,
            JsonValueKind.String => wanted.GetString(),
            JsonValueKind.Null when nullable => null,
            _ => Refuse(pointer, "The value must be a string.", actual),
        };
    }

    // What a form sends back unchanged, the mask of a secret, changes nothing.
    private static Dictionary<string, JsonElement> Given(Connection current, JsonElement config) =>
        ConfigObject.FieldsOf(config)
            .Where(field => !(current.Secrets.TryGetValue(field.Key, out var secret) && field.Value.ValueKind == JsonValueKind.String && field.Value.ValueEquals(SecretMask.Dots + secret.Hint)))
            .ToDictionary(StringComparer.Ordinal);

    private Connection Merge(Connection current, LoadedProvider provider, Dictionary<string, JsonElement> given, string? auth, string? overrideUrl, List<ValidationIssue> issues)
    {
        issues.AddRange(MaskIssues(provider, given, "/config/"));
        var fields = OpenFields(current);
        if (issues.Count == 0)
            issues.AddRange(SecretsToGiveAgain(current, provider, fields, given, overrideUrl));

        foreach (var (field, value) in given)
            if (value.ValueKind == JsonValueKind.Null)
                fields.Remove(field);
            else
                fields[field] = value;

        if (ProviderSetup.Of(provider).Environment(current.Environment) is { } environment)
            issues.AddRange(ConnectionRules.Check(provider, environment, auth, overrideUrl, ConfigObject.Of(fields)));
        else
            issues.Add(new("/environment", $"The provider no longer offers the environment '{current.Environment}'."));

        // What was secret once stays sealed, whatever a newer manifest says.
        bool IsSecret(string field) => provider.SecretFields.Contains(field) || current.Secrets.ContainsKey(field);
        return current with
        {
            Config = ConfigObject.Of(fields.Where(field => !IsSecret(field.Key))),
            Secrets = fields.Where(field => IsSecret(field.Key)).ToDictionary(
                field => field.Key,
                field => !given.ContainsKey(field.Key) && current.Secrets.TryGetValue(field.Key, out var known) ? known : secrets.Seal(current.Id, current.WrappedKey, field.Key, field.Value)),
            RetiredSecrets = [.. current.RetiredSecrets.Where(retired => fields.ContainsKey(retired.Field))],
        };
    }

    /// <summary>Secrets are write-only. Whoever points a connection elsewhere must know them: stored ones do not follow to an address of the caller's choice.</summary>
    private static IEnumerable<ValidationIssue> SecretsToGiveAgain(
        Connection current, LoadedProvider provider, Dictionary<string, JsonElement> before, Dictionary<string, JsonElement> given, string? overrideUrl)
    {
        var moved = (overrideUrl is not null && overrideUrl != current.BaseUrlOverride)
            || given.Any(field => ProviderSetup.Of(provider).AddressFields.Contains(field.Key)
                && !(before.TryGetValue(field.Key, out var old) && JsonElement.DeepEquals(old, field.Value)));
        return moved
            ? current.Secrets.Keys.Where(field => !given.ContainsKey(field)).Select(field => new ValidationIssue(
                "/config/" + RequestBody.Escape(field),
                "The change moves the connection to another address, so its secrets must be given again.",
                "Send the value of this field in the same request."))
            : [];
    }

    private Connection Rotate(Connection current, RotateConnectionRequest request, List<string> rotated)
    {
        rotated.Clear();
        var provider = catalog.Find(current.Provider) ?? throw NotLoaded(current.Provider).ToException();
        var issues = new List<ValidationIssue>();
        if (Overlap.Parse(request.Overlap) is not { } overlap)
        {
            issues.Add(new("/overlap", Overlap.Rule, Overlap.Example));
            overlap = Overlap.Default;
        }

        if (request.Config.ValueKind != JsonValueKind.Object || !request.Config.EnumerateObject().Any())
            issues.Add(new("/config", "The new values are an object with one field or more."));

        var given = ConfigObject.FieldsOf(request.Config);
        foreach (var field in given.Keys.Where(field => !provider.SecretFields.Contains(field)))
            issues.Add(new("/config/" + RequestBody.Escape(field), "This is not a secret field of the provider.", $"Secret fields: {string.Join(", ", provider.SecretFields.Order(StringComparer.Ordinal))}."));

        issues.AddRange(given.Where(field => field.Value is { ValueKind: JsonValueKind.String } text && text.ValueEquals(""u8)).Select(field => new ValidationIssue(
            "/config/" + RequestBody.Escape(field.Key), "The new value is empty: whatever needs it would end with the overlap.", "Send the new value, or remove the field with PATCH.")));
        issues.AddRange(MaskIssues(provider, given, "/config/"));
        var fields = OpenFields(current);
        foreach (var (field, value) in given)
        {
            if (fields.TryGetValue(field, out var old) && JsonElement.DeepEquals(old, value))
                continue;

            rotated.Add(field);
            fields[field] = value;
        }

        if (issues.Count == 0 && ProviderSetup.Of(provider).Environment(current.Environment) is { } environment)
            issues.AddRange(ConnectionRules.Check(provider, environment, current.AuthId, current.BaseUrlOverride, ConfigObject.Of(fields)));

        if (issues.Count > 0)
            throw Problem.Invalid("The rotation is not valid.", issues).ToException();

        return rotated.Count == 0 ? current : Retire(current, fields, rotated, overlap);
    }

    private Connection Retire(Connection current, Dictionary<string, JsonElement> fields, List<string> rotated, TimeSpan overlap)
    {
        // Values from earlier rotations end no later than the one retired now: a short overlap means that something leaked.
        var now = time.GetUtcNow();
        var end = now + overlap;
        var fresh = rotated.Where(current.Secrets.ContainsKey).Select(field => new RetiredSecret(field, current.Secrets[field].Value, end));
        var earlier = current.RetiredSecrets.Select(retired => rotated.Contains(retired.Field) && retired.ValidUntil > end ? retired with { ValidUntil = end } : retired);
        var kept = new Dictionary<string, int>(StringComparer.Ordinal);
        var retiredSecrets = fresh.Concat(earlier)
            .Where(retired => now < retired.ValidUntil && (kept[retired.Field] = kept.GetValueOrDefault(retired.Field) + 1) <= MostRetired);

        var sealedNow = new Dictionary<string, SealedSecret>(current.Secrets, StringComparer.Ordinal);
        foreach (var field in rotated)
            sealedNow[field] = secrets.Seal(current.Id, current.WrappedKey, field, fields[field]);

        return current with
        {
            Config = ConfigObject.Of(ConfigObject.FieldsOf(current.Config).Where(field => !rotated.Contains(field.Key))),
            Secrets = sealedNow,
            RetiredSecrets = [.. retiredSecrets],
        };
    }

    /// <summary>Each is tried against every webhook, so there cannot be many.</summary>
    private const int MostRetired = 5;

    private Dictionary<string, JsonElement> OpenFields(Connection connection)
    {
        var fields = ConfigObject.FieldsOf(connection.Config);
        foreach (var (field, secret) in connection.Secrets)
            fields[field] = secrets.Open(connection, field, secret.Value);

        return fields;
    }

    private static IReadOnlyList<string>? Scopes(JsonElement wanted, IReadOnlyList<string>? actual, List<ValidationIssue> issues)
    {
        if (wanted.ValueKind == JsonValueKind.Undefined)
            return actual;

        if (wanted.ValueKind == JsonValueKind.Null)
            return null;

        if (wanted.ValueKind == JsonValueKind.Array && wanted.EnumerateArray().All(scope => scope.ValueKind == JsonValueKind.String))
            return [.. wanted.EnumerateArray().Select(scope => scope.GetString()!)];

        issues.Add(new("/grantedScopes", "The value must be an array of strings, or null."));
        return actual;
    }

    private static string? Override(JsonElement wanted, string? actual, List<ValidationIssue> issues)
    {
        if (wanted.ValueKind == JsonValueKind.Undefined)
            return actual;

        if (wanted.ValueKind == JsonValueKind.Null)
            return null;

        if (wanted.ValueKind != JsonValueKind.Object)
        {
            issues.Add(new("/overrides", "The value must be an object, or null."));
            return actual;
        }

        var result = actual;
        foreach (var member in wanted.EnumerateObject())
            if (member.Name != "baseUrl")
                issues.Add(new("/overrides", "There is an unknown member.", "Known: baseUrl."));
            else if (member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null)
                result = member.Value.GetString()?.TrimEnd('/');
            else
                issues.Add(new("/overrides/baseUrl", "The value must be a string, or null."));

        return result;
    }

    private static Problem NotLoaded(string provider) =>
        Problem.Conflict($"The provider '{provider}' is not loaded, so its config cannot be checked.", null) with
        {
            Errors = [new("/provider", "The provider is not loaded.", "GET /api/plugins says why. The connection can still be disabled, renamed or deleted.")],
        };
}
