using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using IntegrationHub.Adapters;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// Looks at what a plugin returned before the host relies on it. What comes out is made of the host's own types and memory: nothing in it can throw later, change, or keep
/// the plugin in memory. Runs on the plugin's threads, because looking at some of it runs the plugin's code.
/// </summary>
internal static class ResultCheck
{
    private const int MaxText = 4096;
    private const int MaxCursor = 64 * 1024;
    private const int MaxIssues = 100;
    private const string NoText = "The plugin gave no message.";

    /// <summary>What the API writes at most (its own envelope is another level).</summary>
    private const int MaxDepth = 60;

    /// <param name="result">What the plugin returned.</param>
    /// <param name="maxBytes">How long a value may be, as JSON.</param>
    /// <param name="guard">Puts a boundary around content.</param>
    /// <exception cref="PluginGarbageException">It is not what the contract says.</exception>
    public static OperationResult Accept(OperationResult? result, int maxBytes, Func<OperationContent, OperationContent> guard)
    {
        if (result is null)
            throw new PluginGarbageException("returned null");

        if (result.Error is { } error)
            return OperationResult.Failure(Accept(error), result.RateLimit);

        if (result.Content is { } content)
        {
            var description = IsUndefined(result.Value) ? default : Accept(result.Value, maxBytes);
            return OperationResult.Stream(guard(Accept(content)), description, result.ProviderStatus, Cut(result.ProviderRequestId));
        }

        if (IsUndefined(result.Value))
            throw new PluginGarbageException("returned neither a value nor an error: a JsonElement that was never set");

        if (result.NextCursor is { Length: > MaxCursor })
            throw new PluginGarbageException($"returned a cursor of {result.NextCursor.Length} characters; {MaxCursor} are allowed");

        var items = result.Items is { } page && !IsUndefined(page) ? Accept(page, maxBytes) : (JsonElement?)null;
        return OperationResult.Success(
            Accept(result.Value, maxBytes), result.ProviderStatus, Cut(result.ProviderRequestId), string.IsNullOrEmpty(result.NextCursor) ? null : result.NextCursor, items, result.RateLimit);
    }

    private static ProviderError Accept(ProviderError error)
    {
        if (!Enum.IsDefined(error.Category))
            throw new PluginGarbageException($"returned an error of the category {(int)error.Category}, which does not exist");

        return error with
        {
            Message = string.IsNullOrWhiteSpace(error.Message) ? NoText : Cut(error.Message)!,
            ProviderCode = Cut(error.ProviderCode),
            ProviderRequestId = Cut(error.ProviderRequestId),
            RetryAfter = error.RetryAfter is { } wait && wait >= TimeSpan.Zero && wait <= TimeSpan.FromDays(7) ? wait : null,
            Issues = Copy(error.Issues),
        };
    }

    private static OperationContent Accept(OperationContent content)
    {
        if (content.Stream is not { CanRead: true })
            throw new PluginGarbageException("returned content whose stream cannot be read");

        if (content.Length < 0)
            throw new PluginGarbageException($"returned content of {content.Length} bytes");

        if (!MediaTypeHeaderValue.TryParse(content.ContentType, out var type))
            throw new PluginGarbageException("returned content whose type is no media type");

        return content with { ContentType = type.ToString(), FileName = Cut(content.FileName) };
    }

    private static JsonElement Accept(JsonElement value, int maxBytes)
    {
        JsonElement copy;
        try
        {
            var raw = JsonMarshal.GetRawUtf8Value(value);
            if (raw.Length > maxBytes)
                throw new PluginGarbageException($"returned a result of {raw.Length} bytes; {maxBytes} are allowed (Hub:Plugins:Limits:ResultBytes), and larger things are content");

            if (!Utf8.IsValid(raw))
                throw new PluginGarbageException("returned a result that is not valid UTF-8");

            // Once through: a document that was read with other options than the host's could not be written.
            var reader = new Utf8JsonReader(raw, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            // Costs nothing for values that own their memory already.
            copy = value.Clone();
        }
        catch (ObjectDisposedException)
        {
            throw new PluginGarbageException("returned a value of a JsonDocument that it had disposed (return element.Clone())");
        }
        catch (JsonException)
        {
            throw new PluginGarbageException($"returned JSON with comments, trailing commas or more than {MaxDepth} levels");
        }

        return copy;
    }

    // Elements of a disposed document throw even for this.
    private static bool IsUndefined(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.Undefined;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    // The list may be of the plugin's own type, and endless.
    private static List<ValidationIssue> Copy(IReadOnlyList<ValidationIssue>? issues)
    {
        var copy = new List<ValidationIssue>();
        foreach (var issue in issues ?? [])
        {
            if (issue is null || copy.Count == MaxIssues)
                break;

            copy.Add(new ValidationIssue(Cut(issue.Pointer) ?? "", Cut(issue.Message) ?? NoText, Cut(issue.Hint)));
        }

        return copy;
    }

    private static string? Cut(string? text) => text is { Length: > MaxText } ? text[..MaxText] + "…" : text;
}
