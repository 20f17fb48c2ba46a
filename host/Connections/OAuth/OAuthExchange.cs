using System.Globalization;
using IntegrationHub.Host.Egress;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>One request to an authorisation server: bounded in time and size, and every failure a typed one.</summary>
internal static class OAuthExchange
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Token answers have a few KB; what is longer is none.</summary>
    public const int MaxAnswer = 1024 * 1024;

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(10);

    /// <exception cref="OAuthException">There was no answer, or none that could be read.</exception>
    public static async Task<(int Status, string? MediaType, ReadOnlyMemory<byte> Body, TimeSpan? RetryAfter)> SendAsync(
        HttpClient client, HttpRequestMessage request, TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = await ReadAsync(response.Content, either.Token);
            return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, body, RetryAfter(response, time));
        }
        catch (EgressDeniedException denied)
        {
            throw new OAuthException(OAuthFaultKind.Refused, "egress_denied", $"The hub may not call the provider's authorisation server: {denied.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OAuthException(OAuthFaultKind.Transient, "timeout", string.Create(CultureInfo.InvariantCulture, $"The provider's authorisation server did not answer within {Timeout.TotalSeconds:0} s."));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            // An address that is refused at connect time arrives inside another exception.
            if (fault.InnerException is EgressDeniedException inner)
                throw new OAuthException(OAuthFaultKind.Refused, "egress_denied", $"The hub may not call the provider's authorisation server: {inner.Message}");

            throw new OAuthException(OAuthFaultKind.Transient, "unavailable", "The provider's authorisation server could not be reached, or broke off.");
        }
        catch (Exception fault) when (fault is UriFormatException or InvalidOperationException or NotSupportedException)
        {
            throw new OAuthException(OAuthFaultKind.Refused, "misconfigured", "The address of the provider's authorisation server is not usable.");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[4096];
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
                return buffer.AsMemory(0, length);

            length += read;
            if (length > MaxAnswer)
                throw new OAuthException(OAuthFaultKind.Transient, "invalid_answer", "The provider's authorisation server answered more than any token answer is.");

            if (length == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var stated = response.Headers.RetryAfter;
        var wait = stated?.Delta ?? (stated?.Date is { } date ? date - time.GetUtcNow() : null);
        return wait is not { } span || span <= TimeSpan.Zero ? null : span < LongestRetryAfter ? span : LongestRetryAfter;
    }
}
