namespace IntegrationHub.Host.Tests.Fakes;

internal static class TextAnswers
{
    /// <summary>As SendAsync, for answers that need not be JSON.</summary>
    public static async Task<Answer> SendTextAsync(this HttpClient client, string method, string path, string? json = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), method == "GET" ? Finite(path) : path);
        if (json is not null)
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");

        if (idempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);

        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return new Answer((int)response.StatusCode, text, response.Headers, isJson && text.Length > 0 ? System.Text.Json.JsonElement.Parse(text) : default);
    }

    /// <summary>A stream goes on until somebody ends it, unless it is told not to wait.</summary>
    private static string Finite(string path) => path.Contains("/stream", StringComparison.Ordinal) ? path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "follow=false" : path;
}
