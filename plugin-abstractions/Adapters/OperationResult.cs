using System.Text.Json;

namespace IntegrationHub.Adapters;

/// <summary>What an operation's attempt came to: a value, a content stream, or a typed error.</summary>
public sealed class OperationResult
{
    private OperationResult()
    {
    }

    /// <summary>The error; <see langword="null"/> on success.</summary>
    public ProviderError? Error { get; private init; }

    /// <summary>Whether the operation succeeded.</summary>
    public bool Succeeded => Error is null;

    /// <summary>The result. JSON <c>null</c> when the provider answered nothing.</summary>
    public JsonElement Value { get; private init; }

    /// <summary>The content stream, for operations that answer one. Whoever consumes the result disposes it.</summary>
    public OperationContent? Content { get; private init; }

    /// <summary>The provider's HTTP status, when there was an answer.</summary>
    public int? ProviderStatus { get; init; }

    /// <summary>The provider's name for the request, for its support.</summary>
    public string? ProviderRequestId { get; init; }

    /// <summary>The cursor of the next page; <see langword="null"/> when there is none.</summary>
    public string? NextCursor { get; init; }

    /// <summary>The items of this page, where the manifest says where they stand.</summary>
    public JsonElement? Items { get; init; }

    /// <summary>What the provider's headers say of its rate limit.</summary>
    public RateLimitSignal? RateLimit { get; init; }

    /// <summary>A success with a JSON value.</summary>
    public static OperationResult Success(
        JsonElement value,
        int? providerStatus = null,
        string? providerRequestId = null,
        string? nextCursor = null,
        JsonElement? items = null,
        RateLimitSignal? rateLimit = null) =>
        new()
        {
            Value = value, ProviderStatus = providerStatus, ProviderRequestId = providerRequestId, NextCursor = nextCursor, Items = items, RateLimit = rateLimit,
        };

    /// <summary>A success with a content stream, and a JSON value that describes it.</summary>
    public static OperationResult Stream(OperationContent content, JsonElement description, int? providerStatus = null, string? providerRequestId = null) =>
        new() { Content = content, Value = description, ProviderStatus = providerStatus, ProviderRequestId = providerRequestId };

    /// <summary>A failure.</summary>
    public static OperationResult Failure(ProviderError error, RateLimitSignal? rateLimit = null)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new() { Error = error, ProviderStatus = error.ProviderStatus, ProviderRequestId = error.ProviderRequestId, RateLimit = rateLimit };
    }
}

/// <summary>What a provider's headers say of its rate limit.</summary>
/// <param name="Remaining">Requests left in the window.</param>
/// <param name="ResetsAt">When the window ends.</param>
/// <param name="Limit">Requests per window.</param>
public sealed record RateLimitSignal(int? Remaining, DateTimeOffset? ResetsAt, int? Limit);
