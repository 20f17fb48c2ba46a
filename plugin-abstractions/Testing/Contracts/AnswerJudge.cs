using System.Globalization;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Judges an answer. What an answer leaves out is a warning: simulators answer what matters; what it has, must be as the vendor has it.</summary>
internal static class AnswerJudge
{
    private const string Undescribed = "The description has no such answer.";

    /// <summary>Whether it says no more than that the description has no such status: vendors seldom describe their errors.</summary>
    public static bool IsUndescribed(NotUnderstood open) => open.Why == Undescribed;

    public static void Check(SchemaSet schemas, OperationModel operation, VendorAnswer answer, SchemaOutcome outcome)
    {
        var (status, contentType, body) = (answer.Status, answer.ContentType, answer.Body);
        var text = status.ToString(CultureInfo.InvariantCulture);

        // A failure that comes with a status of success (GraphQL, Slack) is described as the other answer, where there is one.
        var response = (answer.IsFailure && status < 400 ? operation.Responses.FirstOrDefault(response => response.Status == "default") : null)
            ?? operation.Responses.FirstOrDefault(response => response.Status == text)
            ?? operation.Responses.FirstOrDefault(response => response.Status.Equals($"{text[0]}XX", StringComparison.OrdinalIgnoreCase))
            ?? operation.Responses.FirstOrDefault(response => response.Status == "default");
        if (response is null)
        {
            // Vendors seldom describe their errors, so that only an unknown success is worth a word.
            if (status < 400)
                outcome.Add(
                    ViolationKind.UnknownStatus, "/status", $"The description has no answer with the status {text}.", operation.Operation.Place,
                    $"Known: {string.Join(", ", operation.Responses.Select(one => one.Status))}.", ViolationSeverity.Warning);

            outcome.NotJudged.Add(new NotUnderstood(operation.Operation.Place, $"status {text}", Undescribed));
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
