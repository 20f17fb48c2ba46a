using System.Text.Json;

namespace IntegrationHub.Adapters.Rest;

/// <summary>One call's view of its operation's pages.</summary>
internal sealed class RestPaging(RestPagination? pagination, Uri address, Func<string, bool> isCredential, RestSecrets secrets)
{
    /// <summary>The origin of a next page that was not followed, for the log.</summary>
    public string? ForeignOrigin { get; private set; }

    public JsonElement? Items(JsonElement body) => pagination?.Items(body);

    public string? Next(RestCall call, HttpResponseMessage response, JsonElement body)
    {
        if (pagination is null)
            return null;

        var links = response.Headers.TryGetValues("Link", out var values) ? values : [];
        var cursor = pagination.Next(call, address, body, links, isCredential, secrets, out var foreignOrigin);
        ForeignOrigin = foreignOrigin;
        return cursor;
    }
}
