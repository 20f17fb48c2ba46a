using System.Globalization;
using System.Net.Http.Headers;
using IntegrationHub.Manifests;

namespace IntegrationHub.Adapters.Rest;

/// <summary>What headers say of rate limits and waiting.</summary>
internal static class RestLimits
{
    /// <summary>No provider means more; anything beyond is nonsense or hostile.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(7);

    /// <summary>Unix time from here on, seconds from now below (a reset in 31 years is not meant).</summary>
    private const double FirstUnixTime = 1_000_000_000;

    private const double FirstUnixMilliseconds = 100_000_000_000;

    public static RateLimitSignal? Read(HttpResponseMessage response, LimitHeadersManifest? headers, DateTimeOffset now)
    {
        if (headers is null)
            return null;

        var signal = new RateLimitSignal(Count(response, headers.Remaining), Time(Header(response, headers.Reset), now), Count(response, headers.Limit));
        return signal is { Remaining: null, ResetsAt: null, Limit: null } ? null : signal;
    }

    /// <summary><c>Retry-After</c> in seconds or as a date (RFC 9110 §10.2.3); fractions of seconds are understood too.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        if (Header(response, "Retry-After") is not { } text)
            return null;

        if (Number(text) is { } seconds)
            return Clamp(seconds);

        return RetryConditionHeaderValue.TryParse(text, out var value) && value.Date is { } date ? Clamp((date - now).TotalSeconds) : null;
    }

    public static TimeSpan Clamp(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LongestWait.TotalSeconds));

    public static string? Header(HttpResponseMessage response, string? name)
    {
        if (name is null || !response.Headers.TryGetValues(name, out var values) && !response.Content.Headers.TryGetValues(name, out values))
            return null;

        return values.FirstOrDefault();
    }

    private static int? Count(HttpResponseMessage response, string? name) =>
        Header(response, name) is { } text && Number(text.Split([',', ';'])[0]) is { } number and >= 0 and <= int.MaxValue ? (int)number : null;

    private static DateTimeOffset? Time(string? text, DateTimeOffset now)
    {
        if (text is null)
            return null;

        if (Number(text.Split([',', ';'])[0]) is { } number and >= 0)
            return number switch
            {
                >= 1e15 => null,
                >= FirstUnixMilliseconds => DateTimeOffset.UnixEpoch.AddMilliseconds(number),
                >= FirstUnixTime => DateTimeOffset.UnixEpoch.AddSeconds(number),
                _ => now + Clamp(number),
            };

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
    }

    private static double? Number(string text) =>
        double.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
