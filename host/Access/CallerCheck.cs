namespace IntegrationHub.Host.Access;

/// <summary>For requests that last: whether what let them in still would. Thread-safe.</summary>
internal sealed class CallerCheck(ApiKeyService keys, TimeProvider time)
{
    public Func<CancellationToken, ValueTask<bool>> For(HttpContext context)
    {
        var credential = context.GetCredential();
        return cancellationToken => IsGoodAsync(credential, cancellationToken);
    }

    private async ValueTask<bool> IsGoodAsync(Credential credential, CancellationToken cancellationToken) =>
        !(credential.Until <= time.GetUtcNow())
        && (keys.Recognise(credential.Hash) is not null || await keys.RecogniseAsync(credential.Hash, cancellationToken) is not null);
}
