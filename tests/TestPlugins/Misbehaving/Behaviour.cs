using System.Diagnostics.CodeAnalysis;

namespace Misbehaving;

/// <summary>What to do wrong, and where, until a file exists.</summary>
internal sealed record Behaviour(string Method, string Way, string? Until)
{
    private static readonly List<Timer> Leaked = [];

    /// <summary>Reads <c>behaviour.txt</c> beside the assembly: <c>method way [file]</c>.</summary>
    public static Behaviour Read()
    {
        var words = File.ReadAllText(Path.Combine(Path.GetDirectoryName(typeof(Behaviour).Assembly.Location)!, "behaviour.txt")).Trim().Split(' ', 3);
        return new Behaviour(words[0], words[1], words.ElementAtOrDefault(2));
    }

    public bool Is(string method, string way) => Method == method && Way == way && !File.Exists(Until);

    /// <summary>Misbehaves, if this is where.</summary>
    /// <param name="method">Where this is.</param>
    /// <param name="log">Writes to the log, where there is one.</param>
    [SuppressMessage("Usage", "CA2219", Justification = "Misbehaves on purpose.")]
    public void Act(string method, Action<string>? log = null)
    {
        if (!Is(method, Way))
            return;

        switch (Way)
        {
            case "throws":
                throw new NuisanceException();
            case "blocks":
                Thread.Sleep(Timeout.Infinite);
                break;
            case "timer":
                lock (Leaked)
                    Leaked.Add(new Timer(_ => throw new NuisanceException(), null, 0, 5));
                break;
            case "kills":
                ThreadPool.UnsafeQueueUserWorkItem(_ => throw new NuisanceException(), null);
                new Thread(() => throw new InvalidOperationException("on a thread of its own")).Start();
                AsyncVoid();
                _ = Task.Run(() => throw new NuisanceException());
                break;
            case "floods":
                for (var i = 0; i < 50_000; i++)
                    log!("A message of a flood");

                break;
            case "interrupts":
                Thread.CurrentThread.Interrupt();
                break;
            case "stays":
                new Thread(() => Thread.Sleep(Timeout.Infinite)).Start();
                break;
            case "fails-fast":
                Environment.FailFast("The plugin gives up.");
                break;
            case "overflows":
                _ = Overflow(1);
                break;
            case "exits":
                Environment.Exit(3);
                break;
            case "fails-fast-late":
                Thread.Sleep(500);
                Environment.FailFast("The plugin gives up.");
                break;
        }
    }

    private static async void AsyncVoid()
    {
        await Task.Yield();
        throw new NuisanceException();
    }

    private static int Overflow(int depth) => depth + Overflow(depth + 1) + depth;
}

/// <summary>An exception that makes trouble itself.</summary>
public sealed class NuisanceException : Exception
{
    public override string Message => throw new InvalidOperationException("It does not even say what is wrong.");

    public override string StackTrace => throw new InvalidOperationException("Nor where.");

    public override string ToString() => throw new InvalidOperationException("Nor anything else.");
}
