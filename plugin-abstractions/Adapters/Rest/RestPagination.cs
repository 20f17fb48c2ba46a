using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>
/// Reaches further pages. A cursor given to callers is Base64url of a small JSON object: <c>v</c>, the value of the paging parameter, or <c>u</c>, the path and query of
/// the next page (never a host, so a forged one leads nowhere else) with <c>s</c>, a signature by the connection's secrets.
/// </summary>
internal sealed class RestPagination
{
    private readonly PaginationManifest manifest;
    private readonly JsonPointer items;
    private readonly JsonPointer? next;
    private readonly JsonPointer? more;

    public RestPagination(PaginationManifest manifest, string pointer)
    {
        this.manifest = manifest;
        items = RestTemplates.Pointer(manifest.Items, $"{pointer}/items");
        next = manifest.Next is null ? null : RestTemplates.Pointer(manifest.Next, $"{pointer}/next");
        more = manifest.More is null ? null : RestTemplates.Pointer(manifest.More, $"{pointer}/more");
        if (!FollowsAddresses && string.IsNullOrEmpty(manifest.Param))
            throw new InvalidOperationException($"{pointer}: the style needs \"param\", the parameter that carries the page.");

        if (manifest.Style is PaginationStyle.Cursor or PaginationStyle.Url && next is null)
            throw new InvalidOperationException($"{pointer}: the style needs \"next\", a pointer to the next page.");
    }

    /// <summary>Whether pages are reached by their address rather than by a parameter.</summary>
    public bool FollowsAddresses => manifest.Style is PaginationStyle.Link or PaginationStyle.Url;

    /// <summary>The parameters with the page that the cursor names put in.</summary>
    public JsonElement Apply(JsonElement parameters, string cursor)
    {
        if (FollowsAddresses)
            return parameters;

        if (!Decode(cursor).TryGetProperty("v", out var value) || value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
            throw Foreign();

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.Relaxed))
        {
            writer.WriteStartObject();
            if (parameters.ValueKind == JsonValueKind.Object)
                foreach (var property in parameters.EnumerateObject())
                    if (property.Name != manifest.Param)
                        property.WriteTo(writer);

            writer.WritePropertyName(manifest.Param!);
            value.WriteTo(writer);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>The address of the page that the cursor names, at the operation's own origin; <paramref name="first"/> for styles that page by parameter.</summary>
    public Uri Address(Uri first, string cursor, ConnectionContext connection, RestSecrets secrets)
    {
        if (!FollowsAddresses)
            return first;

        var token = Decode(cursor);
        if (!token.TryGetProperty("u", out var place) || place.ValueKind != JsonValueKind.String || place.GetString() is not { } target || !target.StartsWith('/')
            || !token.TryGetProperty("s", out var signature) || signature.ValueKind != JsonValueKind.String
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature.GetString()!), Encoding.UTF8.GetBytes(Sign(target, first, connection, secrets))))
            throw Foreign();

        return Uri.TryCreate(first.GetLeftPart(UriPartial.Authority) + target, UriKind.Absolute, out var address) && RestAddress.SameOrigin(address, first) ? address : throw Foreign();
    }

    /// <summary>The items of a page, where there are any.</summary>
    public JsonElement? Items(JsonElement body) => items.TryEvaluate(body, out var found) && found.ValueKind == JsonValueKind.Array ? found : null;

    /// <summary>The cursor of the next page; <see langword="null"/> when this is the last.</summary>
    /// <param name="call">The call.</param>
    /// <param name="address">The address this page came from.</param>
    /// <param name="body">The answer.</param>
    /// <param name="linkHeaders">Its <c>Link</c> headers.</param>
    /// <param name="isCredential">Whether a query parameter carries credentials, which no cursor may.</param>
    /// <param name="secrets">The connection's secrets.</param>
    /// <param name="foreignOrigin">Set to an origin that the next page would be at, when that is not the operation's own; it is not followed.</param>
    public string? Next(
        RestCall call, Uri address, JsonElement body, IEnumerable<string> linkHeaders, Func<string, bool> isCredential, RestSecrets secrets, out string? foreignOrigin)
    {
        foreignOrigin = null;
        if (more is not null && more.TryEvaluate(body, out var hasMore) && hasMore.ValueKind is JsonValueKind.False or JsonValueKind.Null)
            return null;

        switch (manifest.Style)
        {
            case PaginationStyle.Cursor:
                // A provider that names the page it has just given would be asked for it forever.
                return next!.TryEvaluate(body, out var cursor) && IsFilled(cursor) && !Same(cursor, Current(call)) ? Encode(cursor) : null;

            case PaginationStyle.Page:
            case PaginationStyle.Offset:
                return NextNumber(call, body) is { } number ? Encode(JsonElement.Parse(number.ToString(CultureInfo.InvariantCulture))) : null;

            default:
                var target = manifest.Style == PaginationStyle.Link ? LinkHeader.Next(linkHeaders) : next!.TryEvaluate(body, out var url) && url.ValueKind == JsonValueKind.String ? url.GetString() : null;
                if (string.IsNullOrEmpty(target) || !Uri.TryCreate(address, target, out var resolved) || resolved == address || resolved.Scheme is not ("https" or "http"))
                    return null;

                // Where the operator has put the provider elsewhere (an emulator, a proxy), its answers still name its own address; only path and query are taken from it.
                if (!RestAddress.SameOrigin(resolved, address) && !call.Connection.BaseUrlOverridden)
                {
                    foreignOrigin = resolved.GetLeftPart(UriPartial.Authority);
                    return null;
                }

                return Encode(BelowBase(WithoutCredentials(resolved, isCredential), call.Connection), address, call.Connection, secrets);
        }
    }

    private long? NextNumber(RestCall call, JsonElement body)
    {
        var current = Current(call) is { } given && long.TryParse(JsonText.ToText(given), NumberStyles.Integer, CultureInfo.InvariantCulture, out var parsed)
            ? parsed
            : manifest.First ?? (manifest.Style == PaginationStyle.Page ? 1 : 0);
        if (next is not null)
            return next.TryEvaluate(body, out var named) && long.TryParse(JsonText.ToText(named), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number != current
                ? number
                : null;

        var count = Items(body)?.GetArrayLength() ?? 0;
        if (count == 0)
            return null;

        // A page that is not full is the last, where the size is known and the answer does not say better.
        if (more is null && Size(call) is { } size && count < size)
            return null;

        return current + (manifest.Style == PaginationStyle.Page ? 1 : count);
    }

    private long? Size(RestCall call) =>
        manifest.SizeParam is { } name && call.Parameters.ValueKind == JsonValueKind.Object && call.Parameters.TryGetProperty(name, out var value)
        && long.TryParse(JsonText.ToText(value), NumberStyles.Integer, CultureInfo.InvariantCulture, out var size)
            ? size
            : null;

    private JsonElement? Current(RestCall call) =>
        call.Parameters.ValueKind == JsonValueKind.Object && call.Parameters.TryGetProperty(manifest.Param!, out var value) ? value : null;

    private static bool IsFilled(JsonElement cursor) => cursor.ValueKind == JsonValueKind.Number || cursor.ValueKind == JsonValueKind.String && JsonText.ToText(cursor)!.Length > 0;

    private static bool Same(JsonElement a, JsonElement? b) => b is { } other && JsonText.ToText(a) == JsonText.ToText(other);

    private static string WithoutCredentials(Uri address, Func<string, bool> isCredential)
    {
        var kept = address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(pair => !isCredential(Uri.UnescapeDataString(pair.Split('=')[0].Replace('+', ' '))));
        var query = string.Join('&', kept);
        return query.Length == 0 ? address.AbsolutePath : $"{address.AbsolutePath}?{query}";
    }

    /// <summary>Where the operator has put the provider below a path (the hub's simulators, a gateway), the provider's own paths begin below it.</summary>
    private static string BelowBase(string target, ConnectionContext connection)
    {
        if (!connection.BaseUrlOverridden || !Uri.TryCreate(connection.BaseUrl, UriKind.Absolute, out var root) || root.AbsolutePath.TrimEnd('/') is not { Length: > 0 } prefix)
            return target;

        return target.StartsWith(prefix + "/", StringComparison.Ordinal) || target.StartsWith(prefix + "?", StringComparison.Ordinal) || target == prefix ? target : prefix + target;
    }

    private static string Encode(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.Relaxed))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("v");
            value.WriteTo(writer);
            writer.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }

    private static string Encode(string target, Uri origin, ConnectionContext connection, RestSecrets secrets)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteString("u", target);
            writer.WriteString("s", Sign(target, origin, connection, secrets));
            writer.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }

    /// <summary>Binds an address to the connection by what callers do not know, so that a cursor cannot be made up to read other paths with its credentials.</summary>
    private static string Sign(string target, Uri origin, ConnectionContext connection, RestSecrets secrets)
    {
        var key = SHA256.HashData(Encoding.UTF8.GetBytes($"cursor\n{connection.Id}\n{string.Join('\n', secrets.ConfiguredValues(connection))}"));
        return Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(origin.GetLeftPart(UriPartial.Authority) + target)).AsSpan(0, 16));
    }

    private static JsonElement Decode(string cursor)
    {
        try
        {
            var token = JsonElement.Parse(Base64Url.DecodeFromChars(cursor));
            return token.ValueKind == JsonValueKind.Object ? token : throw Foreign();
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw Foreign();
        }
    }

    private static RestRequestException Foreign() => RestRequestException.InvalidParams("The cursor is none that this operation gave.");
}
