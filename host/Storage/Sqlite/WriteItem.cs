namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>A write that waits to be committed. Its work may run more than once before it is, so it must change nothing but the database.</summary>
internal abstract class WriteItem(int size, bool betweenCommits)
{
    /// <summary>Whether it runs alone and outside of any transaction.</summary>
    public bool BetweenCommits => betweenCommits;

    /// <summary>Bytes of payload, roughly.</summary>
    public int Size => size;

    /// <summary>Why its work failed; <see langword="null"/> when it did not.</summary>
    public Exception? Failure { get; protected set; }

    /// <returns>Whether the work succeeded; <see cref="Failure"/> says why not.</returns>
    public abstract bool TryRun(SqliteSession session);

    /// <summary>Tells the caller what came of it. Only after the commit.</summary>
    public abstract void Complete();

    /// <summary>Tells the caller that nothing was committed.</summary>
    public abstract void Fail(Exception exception);
}

internal sealed class WriteItem<T>(Func<SqliteSession, T> work, int size, bool betweenCommits, CancellationToken cancellationToken)
    : WriteItem(size, betweenCommits)
{
    // What follows runs where this is completed. The writer completes on threads of the pool, never on its own, where it would hold up every other caller.
    private readonly TaskCompletionSource<T> _completion = new();
    private T _result = default!;

    public Task<T> Completion => _completion.Task;

    public override bool TryRun(SqliteSession session)
    {
        Failure = null;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _result = work(session);
            return true;
        }
        catch (Exception exception)
        {
            Failure = exception;
            return false;
        }
    }

    public override void Complete()
    {
        if (Failure is null)
            _completion.SetResult(_result);
        else
            Fail(Failure);
    }

    public override void Fail(Exception exception)
    {
        if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
            _completion.SetCanceled(cancellationToken);
        else
            _completion.SetException(exception);
    }
}
