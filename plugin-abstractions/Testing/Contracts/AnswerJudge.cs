using System.Globalization;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Judges an answer. What an answer leaves out is a warning: simulators answer what matters; what it has, must be as the vendor has it.</summary>
internal static class AnswerJudge
{
    public static void Check(SchemaSet schemas, OperationModel operation, int status, string? contentType, ReadOnlyMemory<byte> body, SchemaOutcome outcome)
    {
        var text = status.ToString(CultureInfo.InvariantCulture);
        var response = operation.Responses.FirstOrDefault(response => response.Status == text)
            ?? operation.Responses.FirstOrDefault(response => response.Status.Equals($"{text[0]}XX", StringComparison.OrdinalIgnoreCase))
            ?? operation.Responses.FirstOrDefault(response => response.Status == "default");
        if (response is null)
        {
            // Vendors seldom describe their errors, so that only an unknown success is worth a word.
            if (status < 400)
                outcome.Add(
                    ViolationKind.UnknownStatus, "/status", $"The description has no answer with the status {text}.", operation.Operation.Place,
                    $"Known: {string.Join(", ", operation.Responses.Select(one => one.Status))}.", ViolationSeverity.Warning);

            outcome.NotJudged.Add(new NotUnderstood(operation.Operation.Place, $"status {text}", "The description has no such answer."));
            return;
        }

        if (response.Content.Count == 0)
        {
            if (!body.IsEmpty)
                outcome.Add(ViolationKind.UnexpectedBody, "/body", "The answer has a body, and the description has none for it.", response.Place, null, ViolationSeverity.Warning);

            return;
        }

        if (body.IsEmpty)
            outcome.Add(ViolationKind.Missing, "/body", "The answer has no body, and the description has one.", response.Place, null, ViolationSeverity.Warning);
        else
            new BodyJudge(new SchemaJudge(schemas, Direction.Answer), outcome).Check(body, contentType, response.Content, response.Place);
    }
}
